import Synchronization

/// Makes task identifiers that grow strictly within this process while the clock does not go back far.
///
/// Within one millisecond, or while the clock stands still or is back by no more than ten seconds, the identifier's 74
/// random bits are used as a counter with random steps (RFC 9562, section 6.2, method 2). A clock that goes back farther
/// was wrong before, and is followed: otherwise all later tasks would carry the wrong time.
public final class TaskIDGenerator: Sendable {
    /// How far the clock may be behind the last identifier before it is believed.
    private static let tolerance: UInt64 = 10_000

    private let time: @Sendable () -> Timestamp
    private let random: any RandomSource
    private let last = Mutex(TaskID.lowest(at: Timestamp(milliseconds: 0)))

    public convenience init(
        clock: any QueueClock = SystemQueueClock(), random: any RandomSource = SystemRandomSource()
    ) {
        self.init(random: random) { clock.now() }
    }

    /// - Parameter time: The time that identifiers carry.
    package init(random: any RandomSource, time: @escaping @Sendable () -> Timestamp) {
        self.time = time
        self.random = random
    }

    public func next() -> TaskID {
        let now = TaskID.lowest(at: time())
        let seed = random.next()
        return last.withLock { last in
            let (new, old) = (now.high >> 16, last.high >> 16)
            if new > old || old - new > Self.tolerance {
                let more = random.next()
                // The counter's top bit starts at zero, which leaves room to count within the millisecond.
                last = TaskID(high: now.high | (seed & 0x7FF), low: now.low | (more >> 2))
            } else {
                last = last.advanced(by: (seed & 0xFFFF_FFFF) + 1)
            }
            return last
        }
    }
}

extension TaskID {
    /// The identifier whose 74 free bits, read as a number, are `step` larger.
    fileprivate func advanced(by step: UInt64) -> TaskID {
        let variant: UInt64 = 0x8000_0000_0000_0000
        let counter = (low & 0x3FFF_FFFF_FFFF_FFFF) + step
        guard counter >> 62 != 0 else { return TaskID(high: high, low: variant | counter) }
        let rest = variant | (counter & 0x3FFF_FFFF_FFFF_FFFF)
        if high & 0xFFF != 0xFFF { return TaskID(high: high + 1, low: rest) }
        return TaskID(high: ((high >> 16) + 1) << 16 | 0x7000, low: rest)
    }
}
