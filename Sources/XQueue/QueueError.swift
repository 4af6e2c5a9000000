public import XQueueCore

/// Why the queue did not do what it was asked. Nothing has changed.
public struct QueueError: Error, Sendable, CustomStringConvertible {
    /// What kind of error it is. The raw values are the words on the wire; new codes may be added.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A field is missing, unknown, of the wrong kind or out of range; `field` names it.
        public static let invalidField = Code(rawValue: "invalid_field")
        /// A field has a name that nobody knows; `field` says it.
        public static let unknownField = Code(rawValue: "unknown_field")
        /// What was sent is not JSON, or not of the kind that is asked for.
        public static let malformedJSON = Code(rawValue: "malformed_json")
        /// There is no such task.
        public static let notFound = Code(rawValue: "not_found")
        /// The task has ended, so it cannot be canceled.
        public static let alreadyEnded = Code(rawValue: "already_ended")
        /// Only a failed, timed-out or canceled task can be requeued.
        public static let notRequeueable = Code(rawValue: "not_requeueable")
        /// Another unfinished task of the type has the same unique key.
        public static let uniqueKeyTaken = Code(rawValue: "unique_key_taken")
        /// The lease is no longer the worker's: nothing it does with the task counts.
        public static let leaseLost = Code(rawValue: "lease_lost")
        /// A worker that serves other types has the name.
        public static let workerNameTaken = Code(rawValue: "worker_name_taken")
        /// A submission middleware turned the tasks away.
        public static let rejected = Code(rawValue: "rejected")
        /// The caller has as much of something as its quota allows.
        public static let quotaExceeded = Code(rawValue: "quota_exceeded")
        /// This node knows as many remote workers as it may.
        public static let tooManyWorkers = Code(rawValue: "too_many_workers")
        /// The limit of waiting tasks is reached.
        public static let backlogFull = Code(rawValue: "backlog_full")
        /// The limit of distinct task types is reached.
        public static let tooManyTypes = Code(rawValue: "too_many_types")
        /// There are tasks of the type, so it cannot be deleted.
        public static let typeInUse = Code(rawValue: "type_in_use")
        /// The durable log in front of the store cannot be used now.
        public static let intakeUnavailable = Code(rawValue: "intake_unavailable")
        /// Too much is under way to and from clients to begin with this as well.
        public static let overloaded = Code(rawValue: "overloaded")
        /// The store cannot be used now.
        public static let storeUnavailable = Code(rawValue: "store_unavailable")
    }

    public let code: Code
    public let message: String
    /// The field that is wrong, such as `retry_policy.delay` or `tasks[3].type`.
    public let field: String?
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, field: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.field = field
        self.cause = cause
    }

    /// There is no room for what would have to be held in memory for this.
    package static let overloaded = QueueError(
        .overloaded, "too much is under way to and from clients; try again later")

    /// The error of a field that is wrong.
    public static func invalid(_ field: String, _ message: String) -> QueueError {
        QueueError(.invalidField, "\(field) \(message)", field: field)
    }

    /// The same error, said of item `index` of `list`.
    public func within(_ list: String, at index: Int) -> QueueError {
        let place = "\(list)[\(index)]"
        return QueueError(
            code, "\(place): \(message)", field: field.map { "\(place).\($0)" } ?? place, cause: cause)
    }

    public var description: String {
        "\(code.rawValue): \(message)"
    }
}

extension QueueError {
    /// What a store's error means to whoever called the queue.
    public init(_ error: StoreError) {
        let code: Code =
            switch error.code {
            case .backlogFull: .backlogFull
            case .tooManyTypes: .tooManyTypes
            default: .storeUnavailable
            }
        self.init(code, error.message, cause: error)
    }

    /// Calls the store and says its error in the queue's words.
    static func wrapping<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(QueueError) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            throw QueueError(error)
        }
    }

    /// What an error of the log in front of the store means to whoever called the queue.
    init(_ error: IntakeError) {
        let code: Code = error.code == .refused ? .invalidField : .intakeUnavailable
        self.init(code, error.message, cause: error)
    }

    init(_ rejection: TransitionRejection, task: TaskID) {
        switch rejection {
        case .alreadyEnded:
            self.init(.alreadyEnded, "task \(task) has already ended")
        case .notRequeueable:
            self.init(
                .notRequeueable, "task \(task) is not failed, timed out or canceled, so it cannot be retried")
        case .uniqueKeyTaken:
            self.init(
                .uniqueKeyTaken, "an unfinished task of the type has the same unique_key as task \(task)")
        default:
            self.init(.notFound, "there is no task \(task)")
        }
    }
}

extension QueueError.Code {
    /// Events that came after the place asked for are no longer in the log, or the place is of another log.
    public static let eventsMissed = QueueError.Code(rawValue: "events_missed")
    /// Whoever follows the events took them more slowly than they came.
    public static let slowConsumer = QueueError.Code(rawValue: "slow_consumer")
    /// The limit of subscribers is reached.
    public static let tooManySubscribers = QueueError.Code(rawValue: "too_many_subscribers")
    /// The queue is shutting down.
    public static let stopped = QueueError.Code(rawValue: "stopped")
}
