import XQueueCore

/// What a watcher needs to know of a task.
struct WatchedTask: Decodable {
    let id: String
    let type: String
    let status: TaskStatus
    let progress: Double?
    let error: String?
    let version: Int
    let retryCount: Int
    let workerID: String?
    let updatedAt: String

    enum CodingKeys: String, CodingKey {
        case id, type, status, progress, error, version
        case retryCount = "retry_count"
        case workerID = "worker_id"
        case updatedAt = "updated_at"
    }
}

extension TaskStatus: Decodable {}

/// A message of the event stream.
struct WatchedEvent: Decodable {
    let event: String
    let taskID: String?
    let type: String?
    let status: TaskStatus?
    let version: Int?
    let retryCount: Int?
    let error: String?
    let progress: Double?
    let progressMessage: String?
    let workerID: String?
    let timestamp: String?
    /// Of the control messages `reset` and `close`.
    let message: String?
    let reason: String?

    enum CodingKeys: String, CodingKey {
        case event, type, status, version, error, progress, timestamp, message, reason
        case taskID = "task_id"
        case retryCount = "retry_count"
        case progressMessage = "progress_message"
        case workerID = "worker_id"
    }
}

extension WatchedEvent {
    /// How the task stands, as if it had just come to it.
    init(_ task: WatchedTask) {
        event = "status"
        taskID = task.id
        type = task.type
        status = task.status
        version = task.version
        retryCount = task.retryCount
        error = task.error
        progress = task.progress
        progressMessage = nil
        workerID = task.workerID
        timestamp = task.updatedAt
        message = nil
        reason = nil
    }
}
