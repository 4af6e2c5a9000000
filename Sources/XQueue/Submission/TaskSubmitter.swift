import CoreMetrics
import XQueueCore

/// Submits validated tasks: through the durable log, if there is one, and to the store.
struct TaskSubmitter: Sendable {
    let store: any Store
    let intake: (any TaskIntake)?
    /// Tracks whether the store is reachable.
    let storeWatch: StoreWatch
    let unserved: UnservedTypes
    let context: EngineContext
    /// Metrics of the durable log.
    let logMetrics: QueueMetrics.Intake?
    /// Tracks what the log did not acknowledge.
    let logWatch = LogWatch()

    /// Accepts all of the tasks, in order, or none.
    func submit(_ tasks: [NewTask]) async throws(QueueError) -> [SubmitOutcome] {
        guard let intake else {
            return outcomes(try await stored { () async throws(StoreError) in try await insert(tasks) })
        }
        return tasks.contains { $0.uniqueKey != nil }
            ? try await submitUnique(tasks, intake) : try await submit(tasks, intake)
    }

    /// A task is accepted once the log has it. If the store cannot take it now, the feeder stores it later.
    private func submit(
        _ tasks: [NewTask], _ intake: any TaskIntake
    ) async throws(QueueError) -> [SubmitOutcome] {
        try await store(tasks, at: try await append(tasks, intake), intake)
    }

    /// Stores tasks without unique keys that the log has, if the store can take them now.
    private func store(
        _ tasks: [NewTask], at origins: [IntakeOrigin], _ intake: any TaskIntake
    ) async throws(QueueError) -> [SubmitOutcome] {
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
            // The feeder could not store it either.
            if error.code == .tooManyTypes { throw QueueError(error) }
            return logged(tasks)
        }
    }

    /// Inserts tasks, unless the store is known to be unreachable: then it returns nil.
    private func insertIfUp(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome]? {
        guard storeWatch.mayAsk(at: context.clock.instant()) else { return nil }
        do throws(StoreError) {
            let outcomes = try await insert(tasks)
            storeWatch.worked()
            return outcomes
        } catch {
            storeWatch.failed(error, at: context.clock.instant())
            throw error
        }
    }

    /// Only the store knows whether a task with a unique key is new, and the log must not contain duplicates: one
    /// would be read after the first task has ended, and run. So tasks with keys go to the store first, and only
    /// the new ones to the log.
    ///
    /// A task that the log does not acknowledge stays in the store: the caller is told that the outcome is unknown, and
    /// a repeated submission finds the task running, and appends it once more.
    private func submitUnique(
        _ tasks: [NewTask], _ intake: any TaskIntake
    ) async throws(QueueError) -> [SubmitOutcome] {
        if let problem = await logWatch.problem(of: intake) {
            logMetrics?.errors.increment()
            throw QueueError(.intakeUnavailable, problem)
        }
        let keyed = tasks.filter { $0.uniqueKey != nil }
        var answers: [InsertOutcome]?
        do throws(StoreError) {
            answers = try await insertIfUp(keyed)
        } catch {
            if error.code == .tooManyTypes { throw QueueError(error) }
        }
        guard let answers else { return try await log(tasks, intake) }
        let keyless = tasks.filter { $0.uniqueKey == nil }
        let unlogged = try await unlogged(keyed, answers)
        guard !keyless.isEmpty || !unlogged.isEmpty else { return outcomes(answers) }
        let origins = try await append(unlogged + keyless, intake)
        guard !keyless.isEmpty else {
            intake.stored(origins)
            return outcomes(answers)
        }
        var rest = try await store(keyless, at: origins, intake)[...]
        var known = outcomes(answers)[...]
        return tasks.map { $0.uniqueKey == nil ? rest.removeFirst() : known.removeFirst() }
    }

    /// Returns the tasks that the log may still lack: new ones, those submitted again because the outcome was unknown,
    /// and those with the same unique key that the log did not acknowledge.
    private func unlogged(
        _ tasks: [NewTask], _ outcomes: [InsertOutcome]
    ) async throws(QueueError) -> [NewTask] {
        var unlogged: [NewTask] = []
        for (task, outcome) in zip(tasks, outcomes) {
            switch outcome {
            case .inserted: unlogged.append(task)
            case .existing(let record) where record.status.isFinal: break
            case .existing(let record) where record.id == task.id: unlogged.append(task)
            case .existing(let record) where logWatch.isMissing(record.id),
                .replaced(let record) where logWatch.isMissing(record.id):
                // A long answer may lack the payload.
                let whole = try await stored { () async throws(StoreError) in try await store.task(record.id)
                }
                if let whole, !whole.status.isFinal { unlogged.append(NewTask(whole)) }
            // The log keeps the task as it was first submitted.
            case .existing, .replaced, .conflict: break
            }
        }
        return unlogged
    }

    /// Appends tasks that could not be checked against the store; of those with the same unique key that return an existing
    /// task, only the first.
    private func log(_ tasks: [NewTask], _ intake: any TaskIntake) async throws(QueueError) -> [SubmitOutcome]
    {
        var firsts: [UniqueKeys.Scope: TaskRecord] = [:]
        var first: [NewTask] = []
        let outcomes = zip(tasks, logged(tasks)).map { task, outcome in
            if let key = task.definition.uniqueScope, task.onConflict == .returnExisting {
                if let earlier = firsts[key] { return SubmitOutcome.logged(earlier) }
                firsts[key] = outcome.record
            }
            first.append(task)
            return outcome
        }
        try await append(first, intake)
        return outcomes
    }

    @discardableResult
    private func append(
        _ tasks: [NewTask], _ intake: any TaskIntake
    ) async throws(QueueError) -> [IntakeOrigin] {
        let now = context.clock.now()
        let start = ContinuousClock.now
        defer { logMetrics?.append.record(since: start) }
        do throws(IntakeError) {
            let origins = try await intake.append(tasks.map { IntakeMessage($0, acceptedAt: now) })
            logWatch.appended(tasks)
            return origins
        } catch {
            logWatch.failed(tasks)
            logMetrics?.errors.increment()
            throw QueueError(error)
        }
    }

    private func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome] {
        let outcomes = try await store.insert(tasks)
        context.metrics.inserted(tasks, outcomes)
        unserved.note(tasks)
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
        let now = context.clock.now()
        return tasks.map { .logged(TaskStateMachine.submit($0, at: now)) }
    }
}
