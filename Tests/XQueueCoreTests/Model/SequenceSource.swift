import Synchronization
import XQueueCore

/// A random source that returns preset numbers, then zeros.
final class SequenceSource: RandomSource {
    private let rest: Mutex<[UInt64]>

    init(_ numbers: [UInt64]) {
        rest = Mutex(numbers.reversed())
    }

    func next() -> UInt64 {
        rest.withLock { $0.popLast() ?? 0 }
    }
}
