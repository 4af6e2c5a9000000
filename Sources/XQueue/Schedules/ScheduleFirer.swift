import Logging
import XQueueCore

/// Fires the schedules that are due.
struct ScheduleFirer: Sendable {
    /// How long to wait before a schedule that could not be fired is tried again.
    private static let pause = Duration.seconds(5)
    /// The same if this node cannot read it. Another node may be able to, such as one that knows its time zone.
    private static let longPause = Duration.seconds(60)

    private struct Failure: Sendable {
        let record: ScheduleRecord
        let error: StoreError
    }

    let store: any Store
    /// Maximum number of schedules per call of the store.
    let batch: Int
    /// How long the task of an earlier tick has to stop if it is canceled.
    let gracePeriod: Duration
    let metrics: ScheduleMetrics
    let logger: Logger

    /// Fires what is due. Returns how long until the next schedule is due, by the store's clock; nil for never.
    func fire() async throws(StoreError) -> Duration? {
        let due = try await store.dueSchedules(limit: batch)
        guard !due.schedules.isEmpty else { return due.nextDueIn.map { max($0, .seconds(1)) } }
        // Their calls share the store's transactions.
        let failures = await withTaskGroup(of: Failure?.self) { group in
            for record in due.schedules {
                group.addTask {
                    do throws(StoreError) {
                        try await fire(record, at: due.now)
                        return nil
                    } catch {
                        return Failure(record: record, error: error)
                    }
                }
            }
            return await group.reduce(into: [Failure]()) { if let failure = $1 { $0.append(failure) } }
        }
        for failure in failures {
            // If all fail, it is the store's trouble.
            guard failures.count < due.schedules.count || failure.error.code == .corrupt else {
                throw failure.error
            }
            try await postpone(
                failure.record, Self.longPause, from: due.now, because: failure.error.message)
        }
        return .zero
    }

    private func fire(
        _ record: ScheduleRecord, at now: Timestamp, limit: Int = ScheduleStep.maxTicks
    ) async throws(StoreError) {
        let ticks: ScheduleTicks
        var stored: StoredSchedule
        do throws(QueueError) {
            stored = try StoredSchedule(record)
            ticks = try ScheduleTicks(stored.schedule.timing, name: record.name)
        } catch {
            return try await postpone(record, Self.longPause, from: now, because: error.message)
        }
        if stored.isJudged { try await stored.judge(store.task) }
        // No more in one call than the store takes from a client.
        let most = ModelLimits.answerBytes / max(stored.definition.contentBytes, 1)
        var turn = ScheduleTurn(stored, ticks, now: now, limit: max(min(limit, most), 1))
        if !turn.pauseIfFailing() {
            if !turn.outdated.isEmpty {
                _ = try await store.cancel(turn.outdated, grace: gracePeriod)
                try await stored.judge(store.task)
            }
            turn.take(stored)
        }
        // If another node was faster, or the schedule has changed, nothing happens.
        let outcome: ScheduleOutcome
        do throws(StoreError) {
            outcome = try await store.save(
                turn.stored.record, firing: turn.tasks, events: turn.stored.events)
        } catch  where error.code == .backlogFull || error.code == .tooManyTypes {
            // There may be room for fewer.
            if turn.tasks.count > 1 { return try await fire(record, at: now, limit: turn.tasks.count / 4) }
            return try await postpone(record, Self.pause, from: now, because: error.message)
        }
        guard case .saved(_, let outcomes) = outcome else { return }
        metrics.count(turn.tasks, outcomes)
        metrics.count(turn.stored.events, delay: stored.schedule.delay, at: now)
    }

    /// Looks at a schedule again later, and leaves it as it is.
    private func postpone(
        _ record: ScheduleRecord, _ wait: Duration, from now: Timestamp, because reason: String
    ) async throws(StoreError) {
        logger.error(
            "Could not fire a schedule; retrying",
            metadata: ["schedule": "\(record.name)", "error": "\(reason)"])
        var later = record
        later.dueAt = now + wait
        _ = try await store.save(later)
    }
}

extension Schedule {
    /// Whether it has the same ticks as another one.
    func hasTimes(of other: Schedule) -> Bool {
        // As precise as they are stored.
        timing == other.timing && startsAt.map { Timestamp($0) } == other.startsAt.map { Timestamp($0) }
            && endsAt.map { Timestamp($0) } == other.endsAt.map { Timestamp($0) }
    }

    /// Whether a tick is beyond the end.
    func isOver(at tick: Timestamp) -> Bool { endsAt.map { Timestamp($0) <= tick } ?? false }

    /// The first tick after `now`, within start and end.
    func firstTick(_ ticks: ScheduleTicks, after now: Timestamp) -> Timestamp? {
        // A start on a tick is one.
        let start = max(now, startsAt.map { Timestamp($0) + .milliseconds(-1) } ?? now)
        return ticks.next(after: start).flatMap { isOver(at: $0) ? nil : $0 }
    }
}
