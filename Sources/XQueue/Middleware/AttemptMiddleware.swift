public import XQueueCore

/// Code around every attempt in this process: logging, error reporting, tenancy, decryption. Anyone may conform.
///
/// ```swift
/// struct ErrorReporting: AttemptMiddleware {
///     func attempt(
///         _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
///     ) async throws -> RawJSON? {
///         do {
///             return try await next(task)
///         } catch {
///             if !(error is TaskSnooze), task.stopReason == nil { report(error, task.id) }
///             throw error
///         }
///     }
/// }
/// manager.add(ErrorReporting())
/// ```
///
/// What it returns is the task's result, and what it throws ends the attempt as an error of the handler does.
/// Tasks that remote workers run do not pass through it.
public protocol AttemptMiddleware: Sendable {
    /// Runs one attempt by calling `next`, at most once.
    ///
    /// - Parameters:
    ///   - task: The task as the middleware further out passes it on.
    ///   - next: The middleware further in, or the handler.
    /// - Returns: The result; nil for none.
    func attempt(
        _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
    ) async throws -> RawJSON?
}

extension Sequence<any AttemptMiddleware> {
    /// The handler with the middleware around it, the first one outermost.
    func wrapping(_ handler: @escaping ErasedHandler) -> ErasedHandler {
        reversed().reduce(handler) { next, middleware in
            { task in try await middleware.attempt(task, next: next) }
        }
    }
}
