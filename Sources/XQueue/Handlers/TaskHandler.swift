/// The code for one task type. Anyone may conform.
///
/// ```swift
/// struct Resize: TaskHandler {
///     static let type = "resize"
///     func handle(_ task: TaskContext<ResizeRequest>) async throws -> ResizeResult { … }
/// }
/// ```
///
/// What the handler throws ends the attempt: any error makes it a failure that is retried, ``TaskFailure`` decides
/// whether and when, and ``TaskSnooze`` runs the task again later.
public protocol TaskHandler: Sendable {
    associatedtype Payload: Codable & Sendable
    /// The result: `Encodable`, and `Decodable` as well to be waited for with `submitAndWait`; or `Void`.
    associatedtype Output: Sendable

    /// The task type, 1 to 128 letters, digits, `.`, `_`, `:` or `-`.
    static var type: String { get }

    /// Runs one attempt. It may run again with the same task, so its effects should be idempotent.
    func handle(_ task: TaskContext<Payload>) async throws -> Output
}

/// An error that decides whether, and when, the task is retried.
public struct TaskFailure: Error, Sendable, CustomStringConvertible {
    public var message: String
    /// True if another attempt would fail as well: the task fails without a retry.
    public var isPermanent: Bool
    /// The wait before the next attempt, instead of the retry policy's.
    public var retryAfter: Duration?
    /// Minimum wait before the next attempt; the retry policy's applies if it is longer.
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

/// Thrown by a handler to run the task again later, without using up a retry.
public struct TaskSnooze: Error, Sendable {
    public var delay: Duration

    public init(for delay: Duration) {
        self.delay = delay
    }
}
