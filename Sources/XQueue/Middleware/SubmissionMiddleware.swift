/// Code around every submission through this process, over HTTP or in Swift: validation, tenancy, encryption. Anyone
/// may conform.
///
/// Edits of waiting tasks do not pass through it. Unique keys are made from what it passes on: with a payload that is encrypted
/// differently each time, ``Uniqueness/by`` finds no two tasks the same.
///
/// ```swift
/// struct Tenancy: SubmissionMiddleware {
///     func submit(
///         _ tasks: [TaskSubmission], next: ([TaskSubmission]) async throws(QueueError) -> [SubmitOutcome]
///     ) async throws(QueueError) -> [SubmitOutcome] {
///         try await next(tasks.map { task in
///             var task = task
///             task.concurrencyKey = tenant
///             return task
///         })
///     }
/// }
/// manager.add(Tenancy())
/// ```
public protocol SubmissionMiddleware: Sendable {
    /// Submits tasks by calling `next`, at most once.
    ///
    /// - Parameters:
    ///   - tasks: The tasks as the middleware further out passes them on; they are checked after the innermost one.
    ///   - next: The middleware further in, or the queue.
    /// - Returns: One outcome for each task, in the order of `tasks`.
    /// - Throws: ``QueueError``; use ``QueueError/Code/rejected`` to turn tasks away.
    func submit(
        _ tasks: [TaskSubmission], next: ([TaskSubmission]) async throws(QueueError) -> [SubmitOutcome]
    ) async throws(QueueError) -> [SubmitOutcome]
}

extension ArraySlice<any SubmissionMiddleware> {
    /// Submits tasks through all of the middleware, the first one outermost.
    ///
    /// - Throws: ``QueueError``, also if a middleware does not answer for every task.
    func submit(
        _ tasks: [TaskSubmission], _ queue: ([TaskSubmission]) async throws(QueueError) -> [SubmitOutcome]
    ) async throws(QueueError) -> [SubmitOutcome] {
        guard let first else { return try await queue(tasks) }
        let outcomes = try await first.submit(tasks) { tasks throws(QueueError) in
            try await dropFirst().submit(tasks, queue)
        }
        guard outcomes.count == tasks.count else {
            throw QueueError(
                .rejected,
                "\(type(of: first)) returned \(outcomes.count) outcomes for \(tasks.count) tasks; they may have been accepted"
            )
        }
        return outcomes
    }
}
