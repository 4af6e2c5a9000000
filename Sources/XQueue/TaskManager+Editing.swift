public import XQueueCore

/// Editing tasks that wait.
extension TaskManager {
    /// How often an edit is tried again if others change the task at the same time.
    private static let maxEdits = 20

    /// Edits a task that waits: anything but its identifier and type.
    ///
    /// ```swift
    /// try await manager.edit(id) { $0.priority = 9 }
    /// ```
    ///
    /// The task keeps its place among those of its priority. A new time to run starts its queue timeout anew, and so does a
    /// new queue timeout. The edit is in the store only: submission middleware does not see it, and a replay of the durable
    /// log submits the task as it was.
    ///
    /// - Parameters:
    ///   - id: The task.
    ///   - version: The version it must have; nil for any.
    ///   - change: Changes the task's submission. Called again if others change the task meanwhile.
    /// - Returns: The task as edited.
    /// - Throws: ``QueueError`` of code ``QueueError/Code/notFound``, ``QueueError/Code/notPending`` if it runs or has ended,
    ///   ``QueueError/Code/versionConflict``, ``QueueError/Code/uniqueKeyTaken``, or what submitting such a task throws.
    @discardableResult
    public func edit(
        _ id: TaskID, version: Int? = nil, _ change: (inout TaskSubmission) throws(QueueError) -> Void
    ) async throws(QueueError) -> TaskRecord {
        try await edit(id, version: version) { task throws(QueueError) in
            var submission = TaskSubmission(editing: task)
            try change(&submission)
            return submission
        }
    }

    /// The same, with the whole task at hand.
    ///
    /// - Parameters:
    ///   - isVisible: Whether the caller may see the task; one it may not is `not_found`, whatever its status and version.
    ///   - edited: Returns the task's new submission, whose schedule is that of ``TaskSubmission/init(editing:)`` if it
    ///     stays the same.
    package func edit(
        _ id: TaskID, version: Int? = nil, where isVisible: (TaskRecord) -> Bool = { _ in true },
        _ edited: (TaskRecord) throws(QueueError) -> TaskSubmission
    ) async throws(QueueError) -> TaskRecord {
        for attempt in 1... {
            guard let task = try await task(id), isVisible(task) else {
                throw QueueError(.notFound, task: id)
            }
            guard task.status == .pending else { throw QueueError(.notPending, task: id) }
            if let version, version != task.version { throw QueueError(.versionConflict, task: id) }
            let submission = try edited(task)
            let outcome = try await attemptEdit(submission, of: task)
            if case .rejected(.versionConflict, _) = outcome, version == nil, attempt < Self.maxEdits {
                continue
            }
            return try changed([outcome], id)
        }
        throw QueueError(.versionConflict, task: id)
    }

    private func attemptEdit(
        _ submission: TaskSubmission, of task: TaskRecord
    ) async throws(QueueError) -> ChangeOutcome {
        guard submission.type == task.type else { throw .invalid("type", "cannot be changed") }
        guard submission.id == nil || submission.id == task.id else {
            throw .invalid("id", "cannot be changed")
        }
        guard submission.uniqueness.map({ $0.onConflict == .returnExisting }) ?? true else {
            throw .invalid("unique.on_conflict", "must be \"return\" in an edit")
        }
        let isMoved = submission.schedule != TaskSubmission(editing: task).schedule
        var submission = submission
        // The store accepted the identifier once, whatever its clock says now.
        submission.id = nil
        (submission.trace, submission.scheduled) = (task.trace, task.scheduled)
        let new = try validated(submission) { task.id }
        let rewrite = TaskRewrite(
            id: task.id, version: task.version, definition: new.definition,
            schedule: isMoved ? new.schedule : nil)
        return try await attempt { () async throws(StoreError) in try await self.store.rewrite(rewrite) }
    }
}

extension TaskSubmission {
    /// What would submit the task as it is.
    package init(editing task: TaskRecord) {
        definition = task.definition
        id = task.id
        maxRetry = task.maxRetry
        queueTimeout = task.queueTimeout ?? .zero
        processTimeout = task.processTimeout ?? .zero
        concurrencyKey = task.concurrency?.key
        maxConcurrency = task.concurrency?.limit
        definition.concurrency = nil
        schedule = .at(task.runAt)
    }
}
