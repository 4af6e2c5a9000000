public import Logging
public import XQueueCore

/// What a handler is given: the task, its progress and its cancellation.
///
/// The members of its definition are its own as well: `task.maxRetry` is `task.definition.maxRetry`.
@dynamicMemberLookup
public struct TaskContext<Payload: Sendable>: Sendable {
    public let payload: Payload
    /// The trace that calls of the handler belong to: the span of this attempt if there is a tracer, or else the
    /// task's own.
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
    /// The task as it was submitted, or last edited.
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

    /// How long the attempt has to stop, counted from when ``stopReason`` was set. Shorter at shutdown, which
    /// has waited before.
    public var gracePeriod: Duration {
        stopReason == .shutdown ? configuration.stopPeriod : configuration.gracePeriod
    }

    /// Why the attempt should stop; nil while it may go on. When it is set, the handler's Swift task is
    /// canceled too.
    public var stopReason: StopReason? { attempted.stopReason }

    /// Reports progress.
    ///
    /// Returns immediately. Under load only the newest report of a task is stored; the last one always is.
    ///
    /// - Parameters:
    ///   - progress: 0 to 100 percent; other values are clamped.
    ///   - message: The present step, for people; cut at 512 bytes.
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
    /// The task was canceled.
    case canceled
    /// The process timeout expired.
    case timedOut
    /// The lease was lost: nothing the attempt does will count.
    case leaseLost
    /// The worker is shutting down; the task will run again.
    case shutdown
}
