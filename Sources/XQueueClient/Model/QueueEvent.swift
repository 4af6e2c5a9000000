public import XQueueCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A message of the event stream.
public struct QueueEvent: Sendable, Hashable, Decodable {
    /// The kind of an event.
    public struct Kind: RawRepresentable, Sendable, Hashable {
        /// The kind as text.
        public let rawValue: String

        /// Creates a kind.
        ///
        /// - Parameter rawValue: The kind as text.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A task's status changed, or a pending task was edited.
        public static let status = Kind(rawValue: "status")
        /// A task reported progress.
        public static let progress = Kind(rawValue: "progress")
        /// A schedule fired or passed over a tick, or was paused.
        public static let schedule = Kind(rawValue: "schedule")
        /// The stream is open: events from now on follow.
        public static let hello = Kind(rawValue: "hello")
        /// Some events were missed; fetch the tasks of interest.
        public static let reset = Kind(rawValue: "reset")
        /// The server closes the connection.
        public static let close = Kind(rawValue: "close")
    }

    /// What happened to a tick, or to its schedule.
    public struct Outcome: RawRepresentable, Sendable, Hashable {
        /// The outcome as text.
        public let rawValue: String

        /// Creates an outcome.
        ///
        /// - Parameter rawValue: The outcome as text.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The tick's task was submitted.
        public static let fired = Outcome(rawValue: "fired")
        /// The tick's task was submitted late.
        public static let late = Outcome(rawValue: "late")
        /// The task of an earlier tick was unfinished.
        public static let skipped = Outcome(rawValue: "skipped")
        /// Ticks were not fired in time, and not caught up with.
        public static let missed = Outcome(rawValue: "missed")
        /// The schedule was paused.
        public static let paused = Outcome(rawValue: "paused")
    }

    /// The kind of event.
    public let kind: Kind
    /// Position in the event log.
    public let cursor: String?
    /// The task; of a ``Kind/schedule``, the tick's, which exists only if the tick was fired.
    public let taskID: TaskID?
    /// The task's type.
    public let type: String?
    /// The task's status.
    public let status: TaskStatus?
    /// The previous status; nil for a submission.
    public let previousStatus: TaskStatus?
    /// The task's version after this change.
    public let version: Int?
    /// Number of retries so far.
    public let retryCount: Int?
    /// Why the last attempt failed.
    public let error: String?
    /// Progress of the task, 0 to 100.
    public let progress: Double?
    /// The task's current step, for people.
    public let progressMessage: String?
    /// The worker that runs the task, or ran it last.
    public let workerID: String?
    /// The task's metadata.
    public private(set) var metadata: RawJSON?
    /// Name of the schedule, if it is about one.
    public let schedule: String?
    /// What happened to the tick.
    public let outcome: Outcome?
    /// The tick.
    public let tick: Timestamp?
    /// Number of ticks; more than 1 only for ``Outcome/missed``.
    public let count: Int?
    /// When it happened.
    public let timestamp: Timestamp?
    /// Explanation of a ``Kind/reset``, or why the stream was closed.
    public let message: String?
    /// The event's JSON as received; empty if it was not read from a stream.
    public private(set) var json = ""

    /// Whether it is the edit of a pending task.
    public var isEdit: Bool { kind == .status && previousStatus == .pending && status == .pending }

    /// Decodes an event.
    ///
    /// - Parameter decoder: The decoder to read from.
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
        schedule = try object.optional("schedule")
        outcome = try object.optional("outcome").map { Outcome(rawValue: $0) }
        tick = try object.optionalTime("tick")
        count = try object.optional("count")
        timestamp = try object.optionalTime("timestamp")
        message = try object.optional("message") ?? object.optional("reason")
    }

    /// Decodes an event of a server; fails if it is not an event or has an unknown form.
    package init?(json: String) {
        guard let event = try? JSONDecoder().decode(QueueEvent.self, from: Data(json.utf8)) else {
            return nil
        }
        self = event
        self.json = json
        if metadata != nil { metadata = (try? RawJSON(json).member("metadata")) ?? metadata }
    }

    /// Creates the event of a task's latest change.
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
        schedule = nil
        outcome = nil
        tick = nil
        count = nil
        timestamp = task.updatedAt
        message = nil
    }
}
