public import Logging
public import XQueueCore

/// What a handler is given: the task, and the ways to talk about it.
///
/// What was asked of the task is its own as well: `task.maxRetry` is `task.definition.maxRetry`.
@dynamicMemberLookup
public struct TaskContext<Payload: Sendable>: Sendable {
    public let payload: Payload
    /// The trace that what the handler calls belongs to: the task's own, or the span of this attempt where somebody
    /// traces.
    public internal(set) var trace: TraceContext?
    let attempted: any AttemptControl
    let configuration: QueueConfiguration
    let baseLogger: Logger

    package init(
        _ attempted: any AttemptControl, payload: Payload, trace: TraceContext?,
        configuration: QueueConfiguration,
        logger: Logger
    ) {
        self.attempted = attempted
        self.payload = payload
        self.trace = trace
        self.configuration = configuration
        baseLogger = logger
    }

    /// The same task with another payload: decoded, or decrypted by a middleware. What was submitted stays in
    /// ``definition``.
    public func with<Other: Sendable>(payload: Other) -> TaskContext<Other> {
        TaskContext<Other>(
            attempted, payload: payload, trace: trace, configuration: configuration, logger: baseLogger)
    }

    public subscript<Value>(dynamicMember member: KeyPath<TaskDefinition, Value>) -> Value {
        attempted.record.definition[keyPath: member]
    }

    public var id: TaskID { attempted.record.id }
    /// What was asked.
    public var definition: TaskDefinition { attempted.record.definition }
    public var type: String { attempted.record.definition.type }
    /// 1 for the first attempt.
    public var attempt: Int { attempted.record.attempt }
    public var createdAt: Timestamp { attempted.record.state.createdAt }

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
    public var stopReason: StopReason? { attempted.stopReason }

    /// Says how far the task has come.
    ///
    /// Returns at once; under load the newest report of a task wins, and the last one always arrives.
    ///
    /// - Parameters:
    ///   - progress: 0 to 100 percent; a value outside is moved to the nearer end.
    ///   - message: What it is at, in words.
    public func report(progress: Double, message: String? = nil) {
        attempted.report(TaskProgress(percent: progress, message: message))
    }
}

extension TaskContext<RawJSON> {
    /// The same task with its payload decoded.
    ///
    /// - Throws: ``TaskFailure`` that no retry can help if the payload is not a `Value`.
    func decoded<Value: Decodable & Sendable>() throws -> TaskContext<Value> {
        let value: Value
        do {
            value = try payload.decode()
        } catch {
            throw TaskFailure("the payload is not what the handler takes: \(error)", isPermanent: true)
        }
        return with(payload: value)
    }
}

/// What a context needs of the attempt it belongs to.
package protocol AttemptControl: Sendable {
    /// The task as it was claimed.
    var record: TaskRecord { get }
    /// Why the attempt should stop; nil while it may continue.
    var stopReason: StopReason? { get }

    func report(_ progress: TaskProgress)
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
