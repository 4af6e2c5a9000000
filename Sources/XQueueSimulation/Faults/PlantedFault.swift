import XQueue
import XQueueCore

/// A mistake of the kind that this project, or others, have made. A simulation that does not find it is not worth much.
package enum PlantedFault: String, Sendable, CaseIterable {
    /// Deadlines count from the wall clock, and move when it is set.
    case wallClockDeadline = "wall-clock-deadline"
    /// Sleeps end by the wall clock.
    case wallClockSleep = "wall-clock-sleep"
    /// The end of an attempt names only the task, so that a stale worker ends someone else's attempt.
    case settleByTask = "settle-by-task"
    /// Some wake-ups are lost, and nothing looks for work that was missed.
    case lostWakeUp = "lost-wake-up"
    /// The concurrency token of an attempt that has lost its lease is never given back.
    case keptToken = "kept-token"
    /// A task that waits for the end of another one is not woken by it.
    case forgottenTask = "forgotten-task"
    /// Some edits are acknowledged, but not stored.
    case lostEdit = "lost-edit"

    /// The clock that a node gets instead of its own.
    func clock(_ clock: any QueueClock) -> (any QueueClock)? {
        switch self {
        case .wallClockDeadline: WallClockDeadlines(base: clock)
        case .wallClockSleep: WallClockSleeps(base: clock)
        default: nil
        }
    }

    /// The store that a node gets instead of the real one.
    func store(_ store: any Store, _ seed: UInt64) -> (any Store)? {
        switch self {
        case .settleByTask: TokenlessStore(base: store)
        case .lostWakeUp: ForgetfulStore(store, Dice(seed: seed, "wake-ups"))
        case .lostEdit: CarelessStore(base: store, dice: Dice(seed: seed, "edits"))
        default: nil
        }
    }

    func change(_ configuration: inout QueueConfiguration) {
        if self == .lostWakeUp { configuration.pollInterval = .seconds(3600) }
    }
}

/// A clock whose monotonic side is the wall clock.
private struct WallClockDeadlines: QueueClock {
    let base: any QueueClock

    func now() -> Timestamp { base.now() }

    func instant() -> MonotonicInstant { MonotonicInstant(nanoseconds: base.now().milliseconds * 1_000_000) }

    func sleep(until deadline: MonotonicInstant) async throws {
        try await base.sleep(for: max(deadline - instant(), .zero))
    }

    func sleepInRealTime(for duration: Duration) async throws {
        try await base.sleepInRealTime(for: duration)
    }
}

/// A clock whose sleeps end when the wall clock shows the time that it would have shown then.
private struct WallClockSleeps: QueueClock {
    let base: any QueueClock

    func now() -> Timestamp { base.now() }

    func instant() -> MonotonicInstant { base.instant() }

    func sleep(until deadline: MonotonicInstant) async throws {
        let end = base.now() + (deadline - base.instant())
        repeat {
            try await base.sleep(for: min(max(end - base.now(), .zero), .seconds(1)))
        } while base.now() < end
    }

    func sleepInRealTime(for duration: Duration) async throws {
        try await base.sleepInRealTime(for: duration)
    }
}

/// A store that ends whichever attempt of a task runs.
private struct TokenlessStore: StoreDecorator {
    let base: any Store

    func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
        var current: [Settlement] = []
        for settlement in settlements {
            var settlement = settlement
            let record = try await base.task(settlement.attempt.taskID)
            if let lease = record?.lease { settlement.attempt.token = lease.token }
            current.append(settlement)
        }
        return try await base.settle(current)
    }
}

/// A store some of whose wake-ups are lost.
private struct ForgetfulStore: StoreDecorator {
    let base: any Store
    private let dice: Dice

    init(_ base: any Store, _ dice: Dice) {
        self.base = base
        self.dice = dice
    }

    func signals() -> AsyncStream<StoreSignal> {
        let (stream, listener) = AsyncStream.makeStream(of: StoreSignal.self)
        let source = base.signals()
        // Ends with the listener, or with the store.
        let carrier = Task { [dice] in
            for await signal in source where signal != .ready || !dice.chance(30) { listener.yield(signal) }
            listener.finish()
        }
        listener.onTermination = { _ in carrier.cancel() }
        return stream
    }
}

/// A store that does not store some of the edits that it acknowledges.
private struct CarelessStore: StoreDecorator {
    let base: any Store
    let dice: Dice

    func rewrite(_ rewrite: TaskRewrite) async throws(StoreError) -> ChangeOutcome {
        guard dice.chance(30), let record = try await base.task(rewrite.id), record.allows(rewrite) else {
            return try await base.rewrite(rewrite)
        }
        var machine = TaskStateMachine(record)
        try? machine.apply(.rewrite(rewrite), at: record.updatedAt)
        return .changed(machine.record)
    }
}
