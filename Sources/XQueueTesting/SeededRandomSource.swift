import Synchronization
public import XQueueCore

/// Random numbers that repeat for the same seed (SplitMix64).
///
/// Concurrent callers share one sequence; which of them gets which number is up to their timing.
public final class SeededRandomSource: RandomSource {
    private let state: Mutex<UInt64>

    public init(seed: UInt64) {
        state = Mutex(seed)
    }

    public func next() -> UInt64 {
        var mixed = state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            return state
        }
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Choices for randomised tests.
extension RandomSource {
    /// A number below `bound`, which must be positive.
    package func below(_ bound: Int) -> Int {
        Int(next() % UInt64(bound))
    }

    /// True `percent` times in a hundred.
    package func chance(_ percent: Int) -> Bool {
        below(100) < percent
    }

    /// One of `elements`; nil if there are none.
    package func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }
}
