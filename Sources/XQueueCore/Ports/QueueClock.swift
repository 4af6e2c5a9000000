/// The source of time. Tests use a clock they advance by hand.
///
/// It has two sides. ``now()`` is for dates: it may be wrong, and may be set forward or back at any moment.
/// ``instant()`` is for waiting: it only moves forward, at the pace of real time. Sleeps, renewals and
/// deadlines within this process use instants.
public protocol QueueClock: Sendable {
    /// The time of day, for timestamps.
    func now() -> Timestamp
    /// The current moment on this process's monotonic clock.
    func instant() -> MonotonicInstant
    /// Returns once `deadline` has been reached, or throws `CancellationError`.
    func sleep(until deadline: MonotonicInstant) async throws
    /// Returns once `duration` of real time has passed, or throws `CancellationError`.
    ///
    /// For waits that must end even on a test's clock that nobody moves, such as those for a store that may not answer.
    func sleepInRealTime(for duration: Duration) async throws
}

extension QueueClock {
    /// Sleeps without asking this clock.
    public func sleepInRealTime(for duration: Duration) async throws {
        try await Task.sleep(for: duration)
    }

    /// Returns once `duration` has passed, or throws `CancellationError`.
    public func sleep(for duration: Duration) async throws {
        try await sleep(until: instant() + duration)
    }
}

/// The host's clocks: the wall clock for dates, and one that cannot be set for waiting.
///
/// The latter keeps counting while the machine is suspended: leases expire by the store's clock meanwhile, and
/// a node must know so when it wakes. On Linux that is `CLOCK_BOOTTIME`; `CLOCK_MONOTONIC` stops during
/// suspension.
public struct SystemQueueClock: QueueClock {
    public init() {}

    public func now() -> Timestamp {
        let time = read(CLOCK_REALTIME)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    public func instant() -> MonotonicInstant {
        #if os(Linux)
        let time = read(CLOCK_BOOTTIME)
        #else
        let time = read(CLOCK_MONOTONIC)
        #endif
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Sleeps at most a minute at a time, because a timer may stop while the machine is suspended.
    public func sleep(until deadline: MonotonicInstant) async throws {
        while true {
            let rest = deadline - instant()
            guard rest > .zero else { return try Task.checkCancellation() }
            try await Task.sleep(for: min(rest, .seconds(60)), tolerance: .zero)
        }
    }

    private func read(_ clock: clockid_t) -> timespec {
        var time = timespec()
        clock_gettime(clock, &time)
        return time
    }
}

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
