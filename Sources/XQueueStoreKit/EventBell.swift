public import XQueueCore

/// Wakes callers that wait for the next event of a store that only this process writes.
public final class EventBell: Sendable {
    private let counter = AsyncCounter()

    /// A bell that has not rung.
    public init() {}

    /// How often it has rung. Read it before checking for events, so that none that comes between the check and
    /// the wait goes unnoticed.
    public var rings: Int { counter.value }

    /// Wakes all current waiters.
    public func ring() {
        counter.advance()
    }

    /// Wakes all current and later waiters.
    public func close() {
        counter.close()
    }

    /// Waits until it has rung more often than `rings`, the deadline is reached, the Swift task is canceled, or
    /// the bell is closed.
    ///
    /// - Parameters:
    ///   - rings: The value of ``rings`` before the check.
    ///   - deadline: When to stop waiting.
    ///   - clock: The clock that `deadline` refers to.
    public func wait(past rings: Int, until deadline: MonotonicInstant, clock: any QueueClock) async {
        await counter.wait(past: rings, until: deadline, clock: clock)
    }
}
