import XQueueCore

/// A source of randomness that repeats: the same numbers for the same seed and purpose.
///
/// Each part of a simulation has its own, so that taking one part away does not change what the others draw.
package final class Dice: RandomSource, @unchecked Sendable {
    // Unchecked: used only by the thread of one simulation.
    private var state: UInt64

    package init(seed: UInt64, _ purpose: String) {
        state = purpose.utf8.reduce(seed ^ 0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    /// The next number (SplitMix64).
    package func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which must be positive.
    package func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// True `percent` times in a hundred.
    package func chance(_ percent: Int) -> Bool { below(100) < percent }

    /// One of `elements`, of which there must be at least one.
    package func pick<Element>(_ elements: [Element]) -> Element { elements[below(elements.count)] }

    /// A duration within `range`, in milliseconds.
    package func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(range.lowerBound + below(range.count))
    }
}
