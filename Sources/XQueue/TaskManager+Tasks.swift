import Synchronization
public import XQueueCore

/// Submitting, querying, canceling and retrying tasks.
extension TaskManager {
    // MARK: - Submitting

    /// Submits one task; when this returns, the task is stored durably.
    ///
    /// - Returns: The task, or the one with the same identifier, or the one that holds the unique key.
    /// - Throws: ``QueueError``. With a durable log in front of the store, an error of code
    ///   ``QueueError/Code/intakeUnavailable`` leaves open whether the task was accepted.
    @discardableResult
    public func submit(_ submission: TaskSubmission) async throws(QueueError) -> SubmitOutcome {
        let outcome = try await accept([submission]) { _, submission throws(QueueError) in
            try checked(submission)
        }[0]
        if case .conflict(let holder) = outcome {
            throw QueueError(
                .notUnique, "task \(holder.id) holds the unique key; it is \(holder.status.rawValue)")
        }
        return outcome
    }

    /// Submits all of the tasks, in order, or none of them.
    ///
    /// - Throws: ``QueueError``; one about a single task names it as `tasks[index]`. With a durable log in
    ///   front of the store, an error of code ``QueueError/Code/intakeUnavailable`` leaves open which of the
    ///   tasks were accepted.
    @discardableResult
    public func submit(_ submissions: [TaskSubmission]) async throws(QueueError) -> [SubmitOutcome] {
        guard submissions.count <= configuration.maxBatch else {
            throw .invalid("tasks", "must contain at most \(configuration.maxBatch) tasks")
        }
        guard !submissions.isEmpty else { return [] }
        return try await accept(submissions) { index, submission throws(QueueError) in
            do throws(QueueError) {
                return try checked(submission)
            } catch {
                throw error.within("tasks", at: index)
            }
        }
    }

    /// Submits tasks through the middleware.
    ///
    /// - Parameter check: Validates one of the submissions that the middleware lets through.
    private func accept(
        _ submissions: [TaskSubmission], _ check: (Int, TaskSubmission) throws(QueueError) -> NewTask
    ) async throws(QueueError) -> [SubmitOutcome] {
        await storeTime.prepare(waits: submitter.intake == nil)
        let middleware = submissionMiddleware.withLock { $0 }
        return try await middleware[...].submit(submissions) { submissions throws(QueueError) in
            var tasks: [NewTask] = []
            tasks.reserveCapacity(submissions.count)
            for (index, submission) in submissions.enumerated() {
                tasks.append(try check(index, submission))
            }
            return try await submitter.submit(tasks)
        }
    }

    /// Submits a task for `handler` with a typed payload.
    ///
    /// - Throws: ``QueueError``, or what encoding the payload throws.
    @discardableResult
    public func submit<Handler: TaskHandler>(
        _ handler: Handler.Type, _ payload: Handler.Payload, _ options: SubmitOption...
    ) async throws -> TaskRecord {
        try await submit(TaskSubmission(handler, payload, options)).record
    }

    /// Submits one task for `handler` with each of the payloads, in order: all of them or none.
    ///
    /// - Parameters:
    ///   - handler: The handler's type.
    ///   - payloads: One payload for each task.
    ///   - options: Options of every task.
    /// - Returns: The tasks, or those that hold their unique keys.
    /// - Throws: ``QueueError``, or what encoding a payload throws.
    @discardableResult
    public func submit<Handler: TaskHandler>(
        _ handler: Handler.Type, each payloads: some Sequence<Handler.Payload>, _ options: SubmitOption...
    ) async throws -> [TaskRecord] {
        let submissions = try payloads.map { try TaskSubmission(handler, $0, options) }
        return try await submit(submissions).map(\.record)
    }

    /// Submits a task of `type` with a payload of raw JSON.
    @discardableResult
    public func submit(
        _ type: String, _ payload: RawJSON, _ options: SubmitOption...
    ) async throws(QueueError) -> TaskRecord {
        var submission = TaskSubmission(type: type, payload: payload)
        for option in options { option.apply(&submission) }
        return try await submit(submission).record
    }

    func checked(_ submission: TaskSubmission) throws(QueueError) -> NewTask {
        let task = try validated(submission) { ids.next() }
        if submission.id != nil { try checkTime(of: task.id) }
        return task
    }

    func validated(_ submission: TaskSubmission, newID: () -> TaskID) throws(QueueError) -> NewTask {
        let task = try submission.validated(defaults: configuration.defaults, newID: newID)
        guard task.payload.text.utf8.count <= configuration.maxPayloadBytes else {
            throw .invalid("payload", "must be at most \(configuration.maxPayloadBytes) bytes long")
        }
        return task
    }

    /// Rejects an identifier from the future. Until the store has told its time, only this node's own clock says so, which
    /// may be wrong: that is no reason to reject it for good.
    private func checkTime(of id: TaskID) throws(QueueError) {
        do throws(QueueError) {
            try id.checkTime(by: storeTime.now(), madeBy: "client")
        } catch {
            guard storeTime.isKnown else {
                throw QueueError(.storeUnavailable, "the store has not told its time yet", cause: error)
            }
            throw error
        }
    }

    // MARK: - Queries and changes

    /// The task; nil if it does not exist, or was pruned.
    public func task(_ id: TaskID) async throws(QueueError) -> TaskRecord? {
        try await attempt { () async throws(StoreError) in try await self.store.task(id) }
    }

    /// One page of tasks, newest first.
    ///
    /// The next page is the one after `TaskPage.next`, at the same cost however far it is.
    ///
    /// - Throws: ``QueueError/Code/invalidField`` for a limit outside 1 to 1000 or an offset outside 0 to 10,000.
    public func tasks(_ query: TaskQuery) async throws(QueueError) -> TaskPage {
        guard 1...1000 ~= query.limit else { throw .invalid("limit", "must be 1 to 1000") }
        guard 0...TaskQuery.maxOffset ~= query.offset else {
            throw .invalid("offset", "must be 0 to \(TaskQuery.maxOffset)")
        }
        return try await attempt { () async throws(StoreError) in try await self.store.tasks(query) }
    }

    /// Cancels a task: a pending one immediately; a running one is asked to stop, and is canceled when its handler has
    /// stopped or the grace period has expired.
    ///
    /// - Returns: The task after the call.
    @discardableResult
    public func cancel(_ id: TaskID) async throws(QueueError) -> TaskRecord {
        let grace = configuration.gracePeriod
        let outcomes = try await attempt { () async throws(StoreError) in
            try await self.store.cancel([id], grace: grace)
        }
        let record = try changed(outcomes, id)
        if record.status == .canceled { metrics.canceled(record.type) }
        return record
    }

    /// Makes a failed, timed-out or canceled task pending again, with all its retries.
    @discardableResult
    public func retry(_ id: TaskID) async throws(QueueError) -> TaskRecord {
        let outcomes = try await attempt { () async throws(StoreError) in
            try await self.store.requeue([id])
        }
        return try changed(outcomes, id)
    }

    func changed(
        _ outcomes: [ChangeOutcome], _ id: TaskID
    ) throws(QueueError) -> TaskRecord {
        switch outcomes.first {
        case .changed(let record): return record
        case .rejected(let rejection, _): throw QueueError(rejection, task: id)
        case nil: throw QueueError(.notFound, task: id)
        }
    }
}
