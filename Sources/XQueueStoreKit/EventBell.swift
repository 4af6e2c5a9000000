public import XQueueCore

/// Wakes those who wait for the next event of a store that only this process writes.
public final class EventBell: Sendable {
    private let counter = AsyncCounter()

    /// A bell that has not rung.
    public init() {}

    /// How often it rang. To be read before looking for events, so that none comes unnoticed between the
    /// look and the wait.
    public var rings: Int { counter.value }

    /// Wakes everybody who waits now.
    public func ring() {
        counter.advance()
    }

    /// Wakes everybody for good.
    public func close() {
        counter.close()
    }

    /// Returns when it has rung more often than `rings`, at the deadline, when the Swift task is canceled, or when
    /// it is closed.
    ///
    /// - Parameters:
    ///   - rings: What ``rings`` was before the look.
    ///   - deadline: Until when to wait.
    ///   - clock: What the deadline is counted by.
    public func wait(past rings: Int, until deadline: MonotonicInstant, clock: any QueueClock) async {
        await counter.wait(past: rings, until: deadline, clock: clock)
    }
}
