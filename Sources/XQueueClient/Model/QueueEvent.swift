public import XQueueCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A message of the event stream.
public struct QueueEvent: Sendable, Hashable, Decodable {
    /// What an event tells.
    public struct Kind: RawRepresentable, Sendable, Hashable {
        /// The word.
        public let rawValue: String

        /// The kind that is called so.
        ///
        /// - Parameter rawValue: The word.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A task's status has changed.
        public static let status = Kind(rawValue: "status")
        /// A task is further than it was.
        public static let progress = Kind(rawValue: "progress")
        /// A connection begins: what happens from now on is told.
        public static let hello = Kind(rawValue: "hello")
        /// Some events were missed: ask how the tasks stand.
        public static let reset = Kind(rawValue: "reset")
        /// The server ends the connection.
        public static let close = Kind(rawValue: "close")
    }

    /// What it tells.
    public let kind: Kind
    /// Its place in the event log.
    public let cursor: String?
    /// The task.
    public let taskID: TaskID?
    /// The task's type.
    public let type: String?
    /// The task's status.
    public let status: TaskStatus?
    /// The status before; nil also for the submission.
    public let previousStatus: TaskStatus?
    /// The number of the change among those of the task.
    public let version: Int?
    /// How many attempts were repeated.
    public let retryCount: Int?
    /// Why the last attempt failed.
    public let error: String?
    /// How far the task is, 0 to 100.
    public let progress: Double?
    /// What the task is at, in words.
    public let progressMessage: String?
    /// The worker that runs it, or ran it last.
    public let workerID: String?
    /// What the task's submitter gave it on its way.
    public private(set) var metadata: RawJSON?
    /// When it happened.
    public let timestamp: Timestamp?
    /// What a ``Kind/reset`` means, or why a stream was closed, in words.
    public let message: String?
    /// The event as the server wrote it; empty if it was not read from a stream.
    public private(set) var json = ""

    /// Reads an event.
    ///
    /// - Parameter decoder: What it is read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        kind = Kind(rawValue: try object.value("event"))
        cursor = try object.optional("cursor")
        taskID = try object.optional("task_id").flatMap { TaskID($0) }
        type = try object.optional("type")
        status = try object.optionalWord("status")
        previousStatus = try object.optionalWord("previous_status")
        version = try object.optional("version")
        retryCount = try object.optional("retry_count")
        error = try object.optional("error")
        progress = try object.optional("progress")
        progressMessage = try object.optional("progress_message")
        workerID = try object.optional("worker_id")
        metadata = try object.optionalJSON("metadata")
        timestamp = try object.optionalTime("timestamp")
        message = try object.optional("message") ?? object.optional("reason")
    }

    /// The event that a server wrote; nil if it is none, or one of a later version.
    package init?(json: String) {
        guard let event = try? JSONDecoder().decode(QueueEvent.self, from: Data(json.utf8)) else {
            return nil
        }
        self = event
        self.json = json
        if metadata != nil { metadata = (try? RawJSON(json).member("metadata")) ?? metadata }
    }

    /// How a task stands, as if it had just come to it.
    ///
    /// - Parameter task: The task.
    package init(_ task: QueueTask) {
        kind = .status
        cursor = nil
        taskID = task.id
        type = task.type
        status = task.status
        previousStatus = nil
        version = task.version
        retryCount = task.retryCount
        error = task.error
        progress = task.progress
        progressMessage = nil
        workerID = task.workerID
        metadata = task.metadata
        timestamp = task.updatedAt
        message = nil
    }
}
