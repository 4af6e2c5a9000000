#if Redis

import XQueueCore

/// The numbers that scripts and Swift agree on. In a script, `$NAME` stands for the number.
enum ScriptWords {
    /// The place of a scheduled task in the index of its type, between pending and processing ones.
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
        words["NOT_FOUND"] = TransitionRefusal.notFound.code
        words["LEASE_IS_LOST"] = TransitionRefusal.leaseLost.code
        words["ALREADY_ENDED"] = TransitionRefusal.alreadyEnded.code
        words["NOT_REQUEUEABLE"] = TransitionRefusal.notRequeueable.code
        words["UNIQUE_KEY_TAKEN"] = TransitionRefusal.uniqueKeyTaken.code
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
        words["WITH_METADATA"] = EventCode.withMetadata
        words["NO_STATUS"] = EventCode.noStatus
        words["ANSWER_BYTES"] = ModelLimits.answerBytes
        words["ERRORS_KEPT"] = ModelLimits.errorsKept
        words["LAYOUT"] = QueueLayout.current
        var texts = words.mapValues { String($0) }
        texts["SCHEDULED_BAND"] = scheduledBand
        texts["LONGEST"] = String(ModelLimits.longestDuration.wholeMilliseconds)
        return texts
    }()
}

/// Why a script refused a call as a whole.
enum ReplyCode: Int {
    case done = 0
    case backlogFull = 1
    case tooManyTypes = 2
}

/// What a heartbeat is answered.
enum HeartbeatCode: Int {
    case held = 0
    case stop = 1
    case lost = 2
}

/// What an event in the log is about.
enum EventCode: Int {
    case status = 0
    case progress = 1

    /// A bit of the number: the task has metadata, which stands behind the head.
    static let withMetadata = 2
    /// Stands where the status before the submission would.
    static let noStatus = 255
}

/// How an attempt ended, as a script is told.
enum OutcomeCode: Int {
    case succeeded = 0
    case failed = 1
    case snoozed = 2
    case released = 3
}

extension TransitionRefusal {
    /// The number scripts answer; 0 stands for none.
    var code: Int {
        switch self {
        case .notFound: 1
        case .leaseLost: 2
        case .alreadyEnded: 3
        case .notRequeueable: 4
        case .uniqueKeyTaken: 5
        case .wrongState: 6
        case .notDue: 7
        }
    }

    init?(code: Int) {
        guard let refusal = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = refusal
    }
}

extension TypeRemoval {
    /// The number scripts answer.
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
    /// The number in a task's history; it never changes once released.
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
    /// The number in a task's definition; it never changes once released.
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
