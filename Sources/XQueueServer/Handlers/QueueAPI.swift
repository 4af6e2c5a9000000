import Logging
import XQueue
import XQueueCore

/// What every handler of the API works with.
struct QueueAPI: Sendable {
    let manager: TaskManager
    let configuration: ServerConfiguration
    let connections: ConnectionTable
    let logger: Logger
    /// What `/metrics` answers; nil if this server keeps none.
    var metrics: PrometheusRegistry?
    var process: ProcessMetrics?
    /// Nil if the level of the log cannot be changed.
    var logControl: LogControl?
    let access: AccessControl
    let hosts: HostRule
    let budget: ReplyBudget
    let health: HealthMonitor

    /// The text of the request's body, which must be JSON.
    ///
    /// - Parameter repairing: As for ``JSONRepair``.
    func body(of request: APIRequest, repairing: Bool = false) async throws -> String {
        try await JSONBody.text(
            of: request.request, limit: configuration.maxBodyBytes, repairing: repairing,
            budget: budget.bytes)
    }

    /// The text of a body that becomes tasks, and a place in the budget for that and for what is read from it, which are in
    /// memory until the store has the tasks; nil for a small one.
    func submission(in request: APIRequest) async throws -> (text: String, share: ByteBudget.Share?) {
        let text = try await body(of: request)
        let size = text.utf8.count
        return (text, size > ReplyBudget.uncounted ? budget.bytes.note(2 * size) : nil)
    }

    /// The task the path names. What is not an identifier names no task.
    func taskID(_ request: APIRequest) throws(QueueError) -> TaskID {
        let text = request.parameters.first ?? ""
        guard let id = TaskID(text) else {
            throw QueueError(
                .notFound, "there is no task \(text.truncated(toBytes: ErrorReply.quotedBytes))")
        }
        return id
    }

    /// - Throws: ``QueueError`` as if there were no such task, if it is none of the caller's business.
    func checkTask(_ id: TaskID, _ caller: Caller) async throws(QueueError) {
        guard caller.types != nil else { return }
        guard let task = try await manager.task(id), caller.mayTouch(task.type) else {
            throw QueueError(.notFound, "there is no task \(id)")
        }
    }
}
