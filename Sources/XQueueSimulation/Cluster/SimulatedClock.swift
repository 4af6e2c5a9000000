import XQueueCore

/// The clocks of one simulated machine: a wall clock that may be wrong and may be set, and a monotonic one that starts anywhere.
final class SimulatedClock: QueueClock, @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.

    /// When simulations begin, by a correct wall clock: 2026-01-01T00:00:00Z.
    static let epoch = Timestamp(milliseconds: 1_767_225_600_000)

    let scheduler: Scheduler
    let gate: ProcessGate
    private let bootedAt: Int64
    /// How far the machine's wall clock is ahead.
    private let error: () -> Duration

    /// - Parameters:
    ///   - scheduler: Keeps the true time.
    ///   - gate: The border of the process that reads the clock; it sleeps behind it.
    ///   - bootedAt: What the monotonic clock shows at the start, in nanoseconds.
    ///   - error: How far the machine's wall clock is ahead.
    init(
        _ scheduler: Scheduler, _ gate: ProcessGate, bootedAt: Int64 = 0,
        error: @escaping () -> Duration = { .zero }
    ) {
        self.scheduler = scheduler
        self.gate = gate
        self.bootedAt = bootedAt
        self.error = error
    }

    func now() -> Timestamp {
        scheduler.checkThread()
        return Self.epoch + .nanoseconds(scheduler.time) + error()
    }

    func instant() -> MonotonicInstant {
        scheduler.checkThread()
        return MonotonicInstant(nanoseconds: bootedAt + scheduler.time)
    }

    func sleep(until deadline: MonotonicInstant) async throws {
        let (time, overflows) = deadline.nanoseconds.subtractingReportingOverflow(bootedAt)
        try await gate.sleep(until: overflows ? .max : time)
    }

    /// Simulated time is the real time of a simulation.
    func sleepInRealTime(for duration: Duration) async throws {
        try await sleep(for: duration)
    }
}
