/// Where the time comes from. Anyone may conform; tests use a clock they move by hand.
///
/// It has two sides. ``now()`` dates: it may be wrong, and somebody may set it at any moment, forwards or back. ``instant()``
/// waits: it only ever goes forward, at the pace of time. Whatever sleeps, renews, or has a deadline in this process
/// is counted in instants.
public protocol QueueClock: Sendable {
    /// The time of day, for what is written down.
    func now() -> Timestamp
    /// The moment on this process's monotonic clock.
    func instant() -> MonotonicInstant
    /// Returns once `deadline` has been reached, or throws `CancellationError`.
    func sleep(until deadline: MonotonicInstant) async throws
}

extension QueueClock {
    /// Returns once `duration` has passed, or throws `CancellationError`.
    public func sleep(for duration: Duration) async throws {
        try await sleep(until: instant() + duration)
    }
}

/// The host's clocks: the wall clock for dates, and for waiting one that nobody can set.
///
/// The latter counts on while the machine is suspended: leases run out by the store's clock while a node sleeps, and it must
/// know so when it wakes. On Linux that is `CLOCK_BOOTTIME`; `CLOCK_MONOTONIC` stands still meanwhile.
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

    /// Sleeps a minute at most at a time: a timer may stand still while the machine is suspended.
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
