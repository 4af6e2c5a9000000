import CoreMetrics
import XQueueCore

/// Brings checked tasks into the queue: through the durable log, if there is one, and into the store.
struct TaskSubmitter: Sendable {
    let store: any Store
    let intake: (any TaskIntake)?
    /// Whether the store takes tasks, as far as this node knows.
    let storeWatch: StoreWatch
    let unserved: UnservedTypes
    let context: EngineContext
    /// Of the durable log.
    let logMetrics: QueueMetrics.Intake?
    /// What the log did not acknowledge.
    let logWatch = LogWatch()

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
        try await store(tasks, at: try await append(tasks, intake), intake)
    }

    /// Puts tasks without unique keys that the log has into the store as well, if that can be done now.
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
            // The feeder cannot bring it in either.
            if error.code == .tooManyTypes { throw QueueError(error) }
            return logged(tasks)
        }
    }

    /// Nil if the store is not even asked, because it did not answer others.
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

    /// Whether a task with a unique key is new is known only to the store, and the log must have no task
    /// that another one answers for: it would come out of the log when that one has ended, and run. So the
    /// store is asked first about tasks with keys, and the log is given those that are new.
    ///
    /// What the store took stays there if the log does not acknowledge it: the caller is told that nothing is sure,
    /// and whoever submits again finds a task that runs, and that is appended once more.
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

    /// The tasks that the log must have, and may not have yet: those that are new, those that are submitted again since
    /// nothing was sure, and those that answer for others and that the log did not acknowledge.
    private func unlogged(
        _ tasks: [NewTask], _ outcomes: [InsertOutcome]
    ) async throws(QueueError) -> [NewTask] {
        var unlogged: [NewTask] = []
        for (task, outcome) in zip(tasks, outcomes) {
            switch outcome {
            case .inserted: unlogged.append(task)
            case .existing(let record) where record.status.isFinal: break
            case .existing(let record) where record.id == task.id: unlogged.append(task)
            case .existing(let record) where logWatch.isMissing(record.id):
                // A long answer may come without its payload.
                let whole = try await stored { () async throws(StoreError) in try await store.task(record.id)
                }
                if let whole, !whole.status.isFinal { unlogged.append(NewTask(whole)) }
            case .existing: break
            }
        }
        return unlogged
    }

    /// Has the log keep tasks that the store could not be asked about: of those of one type with the same unique key the
    /// first.
    private func log(_ tasks: [NewTask], _ intake: any TaskIntake) async throws(QueueError) -> [SubmitOutcome]
    {
        var firsts: [[String]: TaskRecord] = [:]
        var first: [NewTask] = []
        let outcomes = zip(tasks, logged(tasks)).map { task, outcome in
            if let key = task.uniqueKey {
                // The key holds within the type.
                let key = [task.type, key]
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
