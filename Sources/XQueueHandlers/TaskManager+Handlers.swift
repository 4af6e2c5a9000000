public import XQueue

extension TaskManager {
    /// Serves a task type with a program.
    ///
    /// - Parameters:
    ///   - type: The task type, 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    ///   - handler: Takes the place of an earlier one of the same type.
    ///   - maxConcurrency: The most tasks of the type that run at once, across all nodes; nil leaves the limit as it is
    ///     stored.
    public func register(_ type: String, _ handler: ExecHandler, maxConcurrency: Int? = nil) {
        register(type, maxConcurrency: maxConcurrency) { task in try await handler.handle(task) }
    }

    /// Serves a task type with a service that is asked over HTTP.
    ///
    /// - Parameters:
    ///   - type: The task type, 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    ///   - handler: Takes the place of an earlier one of the same type.
    ///   - maxConcurrency: The most tasks of the type that run at once, across all nodes; nil leaves the limit as it is
    ///     stored.
    public func register(_ type: String, _ handler: WebhookHandler, maxConcurrency: Int? = nil) {
        register(type, maxConcurrency: maxConcurrency) { task in try await handler.handle(task) }
    }
}
