import Synchronization

/// Makes task identifiers that grow strictly within this process, whatever the clock does.
///
/// Within one millisecond, or while the clock stands still or steps back, the identifier's 74 random
/// bits are used as a counter with random steps (RFC 9562, section 6.2, method 2).
public final class TaskIDGenerator: Sendable {
    private let clock: any QueueClock
    private let random: any RandomSource
    private let last = Mutex(TaskID.lowest(at: Timestamp(milliseconds: 0)))

    public init(clock: any QueueClock = SystemQueueClock(), random: any RandomSource = SystemRandomSource()) {
        self.clock = clock
        self.random = random
    }

    public func next() -> TaskID {
        let now = TaskID.lowest(at: clock.now())
        let seed = random.next()
        return last.withLock { last in
            if now.high >> 16 > last.high >> 16 {
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
