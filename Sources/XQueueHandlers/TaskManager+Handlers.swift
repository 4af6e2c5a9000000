public import XQueue

extension TaskManager {
    /// Registers a program as the handler of a task type.
    ///
    /// - Parameters:
    ///   - type: Task type: 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    ///   - handler: The handler; replaces an earlier one of the type.
    ///   - maxConcurrency: Maximum number of tasks of the type running simultaneously across all nodes; nil keeps the stored
    ///     limit.
    public func register(_ type: String, _ handler: ExecHandler, maxConcurrency: Int? = nil)
        throws(QueueError)
    {
        try register(type, maxConcurrency: maxConcurrency) { task in try await handler.handle(task) }
    }

    /// Registers an HTTP service as the handler of a task type.
    ///
    /// - Parameters:
    ///   - type: Task type: 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    ///   - handler: The handler; replaces an earlier one of the type.
    ///   - maxConcurrency: Maximum number of tasks of the type running simultaneously across all nodes; nil keeps the stored
    ///     limit.
    public func register(_ type: String, _ handler: WebhookHandler, maxConcurrency: Int? = nil)
        throws(QueueError)
    {
        try register(type, maxConcurrency: maxConcurrency) { task in try await handler.handle(task) }
    }
}
