import Logging
import XQueue
import XQueueCore

/// What every handler of the API works with.
struct QueueAPI: Sendable {
    let manager: TaskManager
    let configuration: ServerConfiguration
    let connections: ConnectionCounter
    let logger: Logger

    /// The task the path names. What is not an identifier names no task.
    func taskID(_ request: APIRequest) throws(QueueError) -> TaskID {
        let text = request.parameters.first ?? ""
        guard let id = TaskID(text) else {
            throw QueueError(
                .notFound, "there is no task \(text.truncated(toBytes: ErrorReply.quotedBytes))")
        }
        return id
    }
}
