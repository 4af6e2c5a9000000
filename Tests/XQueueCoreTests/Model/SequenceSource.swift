import Synchronization
import XQueueCore

/// Random numbers written down in advance; zero after the last one.
final class SequenceSource: RandomSource {
    private let rest: Mutex<[UInt64]>

    init(_ numbers: [UInt64]) {
        rest = Mutex(numbers.reversed())
    }

    func next() -> UInt64 {
        rest.withLock { $0.popLast() ?? 0 }
    }
}
