public import XQueueCore

/// Why a call was rejected or failed. Nothing has changed.
public struct QueueError: Error, Sendable, CustomStringConvertible {
    /// The kind of error. Raw values are used on the wire; later versions may add codes.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// A field is missing, of the wrong kind or out of range; `field` names it.
        public static let invalidField = Code(rawValue: "invalid_field")
        /// Unknown field; `field` names it.
        public static let unknownField = Code(rawValue: "unknown_field")
        /// Not JSON, or not the kind of JSON expected.
        public static let malformedJSON = Code(rawValue: "malformed_json")
        /// No such task.
        public static let notFound = Code(rawValue: "not_found")
        /// The task has ended, so it cannot be canceled.
        public static let alreadyEnded = Code(rawValue: "already_ended")
        /// Only a failed, timed-out or canceled task can be requeued.
        public static let notRequeueable = Code(rawValue: "not_requeueable")
        /// The task runs or has ended: only a pending one can be edited.
        public static let notPending = Code(rawValue: "not_pending")
        /// Another task holds the unique key of the task to edit or to retry.
        public static let uniqueKeyTaken = Code(rawValue: "unique_key_taken")
        /// Another task holds the unique key, and the submission is to be rejected then.
        public static let notUnique = Code(rawValue: "not_unique")
        /// The lease has expired or was revoked: nothing the worker does with the task counts.
        public static let leaseLost = Code(rawValue: "lease_lost")
        /// A worker that serves other types already has the name.
        public static let workerNameTaken = Code(rawValue: "worker_name_taken")
        /// A submission middleware rejected the tasks.
        public static let rejected = Code(rawValue: "rejected")
        /// The caller's quota is used up.
        public static let quotaExceeded = Code(rawValue: "quota_exceeded")
        /// This node's limit of remote workers is reached.
        public static let tooManyWorkers = Code(rawValue: "too_many_workers")
        /// The limit of pending tasks is reached.
        public static let backlogFull = Code(rawValue: "backlog_full")
        /// The limit of distinct task types is reached.
        public static let tooManyTypes = Code(rawValue: "too_many_types")
        /// The type still has tasks, so it cannot be deleted.
        public static let typeInUse = Code(rawValue: "type_in_use")
        /// The task or the schedule does not have the version that the caller expects.
        public static let versionConflict = Code(rawValue: "version_conflict")
        /// Another caller has a schedule of the name.
        public static let nameTaken = Code(rawValue: "name_taken")
        /// The schedule belongs to the configuration file, and can be changed only there.
        public static let ownedByFile = Code(rawValue: "owned_by_file")
        /// The durable log in front of the store is unavailable.
        public static let intakeUnavailable = Code(rawValue: "intake_unavailable")
        /// Too many bytes are in flight to and from clients.
        public static let overloaded = Code(rawValue: "overloaded")
        /// The store is unavailable.
        public static let storeUnavailable = Code(rawValue: "store_unavailable")
    }

    public let code: Code
    public let message: String
    /// The invalid field, such as `retry_policy.delay` or `tasks[3].type`.
    public let field: String?
    public let cause: (any Error)?

    public init(_ code: Code, _ message: String, field: String? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.field = field
        self.cause = cause
    }

    /// No memory is left for another request.
    package static let overloaded = QueueError(
        .overloaded, "too many bytes are in flight to and from clients; try again later")

    /// The error for an invalid field.
    public static func invalid(_ field: String, _ message: String) -> QueueError {
        QueueError(.invalidField, "\(field) \(message)", field: field)
    }

    /// The same error, for item `index` of `list`.
    public func within(_ list: String, at index: Int) -> QueueError {
        let place = "\(list)[\(index)]"
        return within(place, otherwise: place)
    }

    /// The same error, for a part of a request.
    ///
    /// - Parameters:
    ///   - place: The part's name.
    ///   - field: The field, if the error names none.
    package func within(_ place: String, otherwise field: String? = nil) -> QueueError {
        QueueError(
            code, "\(place): \(message)", field: self.field.map { "\(place).\($0)" } ?? field, cause: cause)
    }

    public var description: String {
        "\(code.rawValue): \(message)"
    }
}

extension QueueError {
    /// A store's error, for the queue's caller.
    public init(_ error: StoreError) {
        let code: Code =
            switch error.code {
            case .backlogFull: .backlogFull
            case .tooManyTypes: .tooManyTypes
            default: .storeUnavailable
            }
        self.init(code, error.message, cause: error)
    }

    /// Calls the store and converts its error.
    static func wrapping<Value>(
        _ body: () async throws(StoreError) -> Value
    ) async throws(QueueError) -> Value {
        do throws(StoreError) {
            return try await body()
        } catch {
            throw QueueError(error)
        }
    }

    /// An error of the log in front of the store, for the queue's caller.
    init(_ error: IntakeError) {
        let code: Code = error.code == .rejected ? .invalidField : .intakeUnavailable
        self.init(code, error.message, cause: error)
    }

    init(_ rejection: TransitionRejection, task: TaskID) {
        switch rejection {
        case .alreadyEnded:
            self.init(.alreadyEnded, "task \(task) has already ended")
        case .notRequeueable:
            self.init(
                .notRequeueable, "task \(task) is not failed, timed out or canceled, so it cannot be retried")
        case .notPending:
            self.init(.notPending, "task \(task) is not pending, so it cannot be edited")
        case .versionConflict:
            self.init(.versionConflict, "task \(task) has changed: it does not have the expected version")
        case .uniqueKeyTaken:
            self.init(.uniqueKeyTaken, "another task holds the unique key of task \(task)")
        default:
            self.init(.notFound, "no such task: \(task)")
        }
    }
}

extension QueueError.Code {
    /// Events after the requested cursor are no longer in the log, or the cursor is of another log.
    public static let eventsMissed = QueueError.Code(rawValue: "events_missed")
    /// The subscriber consumed events more slowly than they arrived.
    public static let slowConsumer = QueueError.Code(rawValue: "slow_consumer")
    /// The limit of subscribers is reached.
    public static let tooManySubscribers = QueueError.Code(rawValue: "too_many_subscribers")
    /// The queue is shutting down.
    public static let stopped = QueueError.Code(rawValue: "stopped")
}
