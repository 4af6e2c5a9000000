public import Logging
public import XQueueCore

/// What a handler is given: the task, and the ways to talk about it.
public struct TaskContext<Payload: Sendable>: Sendable {
    public let id: TaskID
    public let type: String
    public let payload: Payload
    /// 1 for the first attempt.
    public let attempt: Int
    public let maxRetry: Int
    public let createdAt: Timestamp
    /// The trace that what the handler calls belongs to: the task's own, or the span of this attempt where somebody
    /// traces.
    public internal(set) var trace: TraceContext?
    let configuration: QueueConfiguration
    let baseLogger: Logger
    let control: any AttemptControl

    init(
        _ record: TaskRecord, payload: Payload, configuration: QueueConfiguration, logger: Logger,
        control: any AttemptControl
    ) {
        id = record.id
        type = record.type
        self.payload = payload
        attempt = record.attempt
        maxRetry = record.maxRetry
        createdAt = record.createdAt
        trace = record.trace
        self.configuration = configuration
        baseLogger = logger
        self.control = control
    }

    /// The same, with what the payload says.
    init<Other>(_ context: TaskContext<Other>, payload: Payload) {
        id = context.id
        type = context.type
        self.payload = payload
        attempt = context.attempt
        maxRetry = context.maxRetry
        createdAt = context.createdAt
        trace = context.trace
        configuration = context.configuration
        baseLogger = context.baseLogger
        control = context.control
    }

    /// A logger that carries the task's id, type and attempt.
    public var logger: Logger {
        var logger = baseLogger
        logger[metadataKey: "task.id"] = "\(id)"
        logger[metadataKey: "task.type"] = "\(type)"
        logger[metadataKey: "attempt"] = "\(attempt)"
        return logger
    }

    /// How long the attempt has to stop, counted from when ``stopReason`` was set: shorter at shutdown,
    /// which has waited before.
    public var gracePeriod: Duration {
        stopReason == .shutdown ? configuration.stopPeriod : configuration.gracePeriod
    }

    /// Why the attempt should stop; nil while it may go on. When it is set, the handler's Swift task is
    /// canceled too.
    public var stopReason: StopReason? { control.stopReason }

    /// Says how far the task has come.
    ///
    /// Returns at once; under load the newest report of a task wins, and the last one always arrives.
    ///
    /// - Parameters:
    ///   - progress: 0 to 100 percent; a value outside is moved to the nearer end.
    ///   - message: What it is at, in words.
    public func report(progress: Double, message: String? = nil) {
        control.report(TaskProgress(percent: progress, message: message))
    }
}

/// Why an attempt should stop.
public enum StopReason: Sendable, Hashable {
    /// Somebody canceled the task.
    case canceled
    /// The attempt has run for its process timeout.
    case timedOut
    /// The task is no longer this worker's: nothing the attempt does will count.
    case leaseLost
    /// The worker shuts down; the task will be run again.
    case shutdown
}

/// How a context reaches its attempt.
protocol AttemptControl: Sendable {
    var stopReason: StopReason? { get }
    func report(_ progress: TaskProgress)
}
