import Logging
import XQueue
import XQueueCore

/// The API's handlers, in extensions, and what they share.
struct QueueAPI: Sendable {
    let manager: TaskManager
    let configuration: ServerConfiguration
    let connections: ConnectionTable
    let logger: Logger
    /// The metrics served at `/metrics`; nil for none.
    var metrics: PrometheusRegistry?
    var process: ProcessMetrics?
    /// Nil if the log level cannot be changed.
    var logControl: LogControl?
    let access: AccessControl
    let hosts: HostRule
    let budget: ReplyBudget
    let health: HealthMonitor

    /// Returns the request's body, which must be JSON.
    ///
    /// - Parameter repairing: Whether to apply ``JSONRepair``.
    func body(of request: APIRequest, repairing: Bool = false) async throws -> String {
        try await JSONBody.text(
            of: request.request, limit: configuration.maxBodyBytes, repairing: repairing,
            budget: budget.bytes)
    }

    /// Returns the body of a submission, with a share of the budget for it and the tasks parsed from it, both in memory
    /// until the tasks are stored; nil for a small body.
    func submission(in request: APIRequest) async throws -> (text: String, share: ByteBudget.Share?) {
        let text = try await body(of: request)
        let size = text.utf8.count
        return (text, size > ReplyBudget.uncounted ? budget.bytes.note(2 * size) : nil)
    }

    /// The task ID in the path; a malformed one is `not_found`, too.
    func taskID(_ request: APIRequest) throws(QueueError) -> TaskID {
        let text = request.parameters.first ?? ""
        guard let id = TaskID(text) else {
            throw QueueError(
                .notFound, "no such task: \(text.truncated(toBytes: ErrorReply.quotedBytes))")
        }
        return id
    }

    /// - Throws: ``QueueError`` `not_found` if the caller has no access to the task.
    func checkTask(_ id: TaskID, _ caller: Caller) async throws(QueueError) {
        guard caller.types != nil else { return }
        guard let task = try await manager.task(id), caller.canAccess(task.type) else {
            throw QueueError(.notFound, "no such task: \(id)")
        }
    }
}
