/// The user's code for one task type. Anyone may conform.
///
/// ```swift
/// struct Resize: TaskHandler {
///     static let type = "resize"
///     func handle(_ task: TaskContext<ResizeRequest>) async throws -> ResizeResult { … }
/// }
/// ```
///
/// What the handler throws ends the attempt: any error makes it a failure that is retried,
/// ``TaskFailure`` says more about the failure, and ``TaskSnooze`` asks to be run again later.
public protocol TaskHandler: Sendable {
    associatedtype Payload: Codable & Sendable
    /// The result: `Encodable`, and `Decodable` as well for ``TaskManager/submitAndWait(_:_:_:timeout:)``; or `Void`.
    associatedtype Output: Sendable

    /// The task type, 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    static var type: String { get }

    /// Runs one attempt. It may run again with the same task, so its effects should be idempotent.
    func handle(_ task: TaskContext<Payload>) async throws -> Output
}

/// Says more about why an attempt failed than any other error does.
public struct TaskFailure: Error, Sendable, CustomStringConvertible {
    public var message: String
    /// True if another attempt could not do better: the task fails at once.
    public var isPermanent: Bool
    /// The wait before the next attempt, in place of the retry policy's.
    public var retryAfter: Duration?
    /// The shortest wait before the next attempt: where the retry policy's is longer, that one is waited for.
    public var minRetryDelay: Duration?

    public init(
        _ message: String, isPermanent: Bool = false, retryAfter: Duration? = nil,
        minRetryDelay: Duration? = nil
    ) {
        self.message = message
        self.isPermanent = isPermanent
        self.retryAfter = retryAfter
        self.minRetryDelay = minRetryDelay
    }

    public var description: String { message }
}

/// Thrown by a handler that wants to be run again later without using up a retry.
public struct TaskSnooze: Error, Sendable {
    public var delay: Duration

    public init(for delay: Duration) {
        self.delay = delay
    }
}
