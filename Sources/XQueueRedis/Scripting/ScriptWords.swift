#if Redis

import XQueueCore

/// The constants that scripts and Swift share, which scripts refer to as `$NAME`.
enum ScriptWords {
    /// Score of scheduled tasks in the index of their type, between pending and processing ones.
    static let scheduledBand = "0.5"

    static let all: [String: String] = {
        var words: [String: Int] = [:]
        for status in TaskStatus.allCases { words[status.rawValue.uppercased()] = status.code }
        for reason in PendingReason.allCases { words[reason.rawValue.uppercased()] = reason.code }
        words["REMOTE"] = TaskState.remoteCode
        words["IS_UNIQUE"] = StoredState.isUnique
        words["IS_TAGGED"] = StoredState.isTagged
        words["LINEAR"] = RetryPolicy.Strategy.linear.code
        words["EXPONENTIAL"] = RetryPolicy.Strategy.exponential.code
        words["TIMED_OUT"] = AttemptFailure.Kind.timeout.code
        words["LEASE_LOST"] = AttemptFailure.Kind.leaseLost.code
        words["NOT_FOUND"] = TransitionRejection.notFound.code
        words["LEASE_IS_LOST"] = TransitionRejection.leaseLost.code
        words["ALREADY_ENDED"] = TransitionRejection.alreadyEnded.code
        words["NOT_REQUEUEABLE"] = TransitionRejection.notRequeueable.code
        words["UNIQUE_KEY_TAKEN"] = TransitionRejection.uniqueKeyTaken.code
        words["NOT_PENDING"] = TransitionRejection.notPending.code
        words["VERSION_CONFLICT"] = TransitionRejection.versionConflict.code
        words["BACKLOG_FULL"] = ReplyCode.backlogFull.rawValue
        words["TOO_MANY_TYPES"] = ReplyCode.tooManyTypes.rawValue
        words["TYPE_NOT_FOUND"] = TypeRemoval.notFound.code
        words["TYPE_HAS_TASKS"] = TypeRemoval.hasTasks.code
        words["TYPE_IS_SET"] = TypeRemoval.isSet.code
        words["HELD"] = HeartbeatCode.held.rawValue
        words["STOP"] = HeartbeatCode.stop.rawValue
        words["LOST"] = HeartbeatCode.lost.rawValue
        words["SUCCEEDED"] = OutcomeCode.succeeded.rawValue
        words["HAS_FAILED"] = OutcomeCode.failed.rawValue
        words["SNOOZED"] = OutcomeCode.snoozed.rawValue
        words["STATUS_EVENT"] = EventCode.status.rawValue
        words["PROGRESS_EVENT"] = EventCode.progress.rawValue
        words["SCHEDULE_EVENT"] = EventCode.schedule.rawValue
        words["WITH_METADATA"] = EventCode.withMetadata
        words["NO_STATUS"] = EventCode.noStatus
        words["ANSWER_BYTES"] = ModelLimits.answerBytes
        words["ERRORS_KEPT"] = ModelLimits.errorsKept
        words["LAYOUT"] = QueueLayout.current
        var texts = words.mapValues { String($0) }
        texts["SCHEDULED_BAND"] = scheduledBand
        texts["LONGEST"] = String(ModelLimits.maxDuration.wholeMilliseconds)
        return texts
    }()
}

/// Why a script rejected a whole call.
enum ReplyCode: Int {
    case done = 0
    case backlogFull = 1
    case tooManyTypes = 2
}

/// The result of a heartbeat.
enum HeartbeatCode: Int {
    case held = 0
    case stop = 1
    case lost = 2
}

/// The kind of an event in the log.
enum EventCode: Int {
    case status = 0
    case progress = 1
    case schedule = 4

    /// Flag in the kind: the task's metadata follows the head.
    static let withMetadata = 2
    /// The previous status of a task that was just submitted.
    static let noStatus = 255
}

/// The outcome of an attempt, as an argument of a script.
enum OutcomeCode: Int {
    case succeeded = 0
    case failed = 1
    case snoozed = 2
    case released = 3
}

extension TransitionRejection {
    /// The number in replies of scripts, where 0 means no rejection.
    var code: Int {
        switch self {
        case .notFound: 1
        case .leaseLost: 2
        case .alreadyEnded: 3
        case .notRequeueable: 4
        case .uniqueKeyTaken: 5
        case .wrongState: 6
        case .notDue: 7
        case .notPending: 8
        case .versionConflict: 9
        }
    }

    init?(code: Int) {
        guard let rejection = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = rejection
    }
}

extension TypeRemoval {
    /// The number in replies of scripts.
    var code: Int {
        switch self {
        case .removed: 0
        case .notFound: 1
        case .hasTasks: 2
        case .isSet: 3
        }
    }

    init?(code: Int) {
        guard let removal = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = removal
    }
}

extension AttemptFailure.Kind {
    /// The number in a task's history, which must never change once released.
    var code: Int {
        switch self {
        case .error: 0
        case .timeout: 1
        case .leaseLost: 2
        }
    }

    init?(code: Int) {
        guard let kind = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = kind
    }
}

extension RetryPolicy.Strategy {
    /// The number in a task's definition, which must never change once released.
    var code: Int {
        switch self {
        case .fixed: 0
        case .linear: 1
        case .exponential: 2
        }
    }

    init?(code: Int) {
        guard let strategy = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = strategy
    }
}

#endif
