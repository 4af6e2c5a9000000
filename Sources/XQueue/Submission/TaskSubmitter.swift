import CoreMetrics
import XQueueCore

/// Brings checked tasks into the queue: through the durable log, if there is one, and into the store.
struct TaskSubmitter: Sendable {
    let store: any TaskStore
    let intake: (any TaskIntake)?
    /// Whether the store takes tasks, as far as this node knows.
    let storeWatch: StoreWatch
    let unserved: UnservedTypes
    let metrics: QueueMetrics
    /// Of the durable log.
    let logMetrics: QueueMetrics.Intake?
    let clock: any QueueClock
    /// How long a task that is taken back may go on running.
    let grace: Duration

    /// Accepts all of the tasks, in order, or none of them.
    func submit(_ tasks: [NewTask]) async throws(QueueError) -> [SubmitOutcome] {
        guard let intake else {
            return outcomes(try await stored { () async throws(StoreError) in try await insert(tasks) })
        }
        return tasks.contains { $0.uniqueKey != nil }
            ? try await submitUnique(tasks, intake) : try await submit(tasks, intake)
    }

    /// Accepted is what the log has. If the store cannot take it now, the feeder has it do so later.
    private func submit(
        _ tasks: [NewTask], _ intake: any TaskIntake
    ) async throws(QueueError) -> [SubmitOutcome] {
        let origins = try await append(tasks, intake)
        do throws(StoreError) {
            guard let inserted = try await insertIfUp(tasks) else { return logged(tasks) }
            intake.stored(origins)
            return zip(inserted, tasks).map { outcome, task in
                // The feeder was faster.
                if case .existing(let record) = outcome, record.id == task.id {
                    return .inserted(record)
                }
                return SubmitOutcome(outcome)
            }
        } catch {
            // The feeder cannot bring it in either.
            if error.code == .tooManyTypes { throw QueueError(error) }
            return logged(tasks)
        }
    }

    /// Nil if the store is not even asked, because it did not answer others.
    private func insertIfUp(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome]? {
        guard storeWatch.mayAsk(at: clock.instant()) else { return nil }
        do throws(StoreError) {
            let outcomes = try await insert(tasks)
            storeWatch.worked()
            return outcomes
        } catch {
            storeWatch.failed(error, at: clock.instant())
            throw error
        }
    }

    /// Whether a task with a unique key is new is known only to the store, and the log must have no task
    /// that another one answers for: it would come out of the log when that one has ended, and run. So the
    /// store is asked first, and what it took is taken back if the log does not have it.
    private func submitUnique(
        _ tasks: [NewTask], _ intake: any TaskIntake
    ) async throws(QueueError) -> [SubmitOutcome] {
        var answer: [InsertOutcome]?
        do throws(StoreError) {
            answer = try await insertIfUp(tasks)
        } catch {
            if error.code == .tooManyTypes { throw QueueError(error) }
        }
        guard let inserted = answer else {
            try await append(tasks, intake)
            return logged(tasks)
        }
        let outcomes = outcomes(inserted)
        var new: [NewTask] = []
        for (task, outcome) in zip(tasks, outcomes) {
            if case .inserted = outcome { new.append(task) }
        }
        guard !new.isEmpty else { return outcomes }
        do throws(QueueError) {
            intake.stored(try await append(new, intake))
        } catch {
            // Best effort: the caller is told that nothing is sure.
            _ = try? await store.cancel(new.map(\.id), grace: grace)
            throw error
        }
        return outcomes
    }

    @discardableResult
    private func append(
        _ tasks: [NewTask], _ intake: any TaskIntake
    ) async throws(QueueError) -> [IntakeOrigin] {
        let now = clock.now()
        let start = ContinuousClock.now
        defer { logMetrics?.append.record(since: start) }
        do throws(IntakeError) {
            return try await intake.append(tasks.map { IntakeMessage($0, acceptedAt: now) })
        } catch {
            logMetrics?.errors.increment()
            throw QueueError(error)
        }
    }

    private func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome] {
        let outcomes = try await store.insert(tasks)
        metrics.inserted(tasks, outcomes)
        await unserved.notice(tasks)
        return outcomes
    }

    private func stored<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(QueueError) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            throw QueueError(error)
        }
    }

    private func outcomes(_ outcomes: [InsertOutcome]) -> [SubmitOutcome] {
        outcomes.map { SubmitOutcome($0) }
    }

    private func logged(_ tasks: [NewTask]) -> [SubmitOutcome] {
        let now = clock.now()
        return tasks.map { .logged(TaskStateMachine.submit($0, at: now)) }
    }
}
