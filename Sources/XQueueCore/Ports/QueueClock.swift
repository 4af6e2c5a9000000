/// Where the time comes from. Anyone may conform; tests use a clock they move by hand.
public protocol QueueClock: Sendable {
    func now() -> Timestamp
    /// Returns once `deadline` has been reached, or throws `CancellationError`.
    func sleep(until deadline: Timestamp) async throws
}

/// The host's wall clock.
public struct SystemQueueClock: QueueClock {
    public init() {}

    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }

    /// Sleeps a minute at most at a time, so that a stepped host clock is noticed.
    public func sleep(until deadline: Timestamp) async throws {
        while true {
            let rest = deadline - now()
            guard rest > .zero else { return try Task.checkCancellation() }
            try await Task.sleep(for: min(rest, .seconds(60)), tolerance: .zero)
        }
    }
}

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif
