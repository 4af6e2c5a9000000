/// A task's status. The raw values are used on the wire.
public enum TaskStatus: String, Sendable, Hashable, CaseIterable {
    /// Waiting to run: for a worker, a later time, or a concurrency token.
    case pending
    /// A worker holds a lease on it and runs its handler.
    case processing
    /// The handler returned.
    case success
    /// The handler failed and no retry is left.
    case failed
    /// Canceled before it could succeed.
    case canceled
    /// It waited in the queue longer than its queue timeout.
    case timeout

    /// Whether the task has ended; only a requeue can change it.
    public var isFinal: Bool {
        switch self {
        case .pending, .processing: false
        case .success, .failed, .canceled, .timeout: true
        }
    }

    /// The number stored; it never changes once released.
    public var code: Int {
        switch self {
        case .pending: 0
        case .processing: 1
        case .success: 2
        case .failed: 3
        case .canceled: 4
        case .timeout: 5
        }
    }

    public init?(code: Int) {
        guard let status = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = status
    }
}

/// Why a pending task is not running. The raw values are used on the wire.
public enum PendingReason: String, Sendable, Hashable, CaseIterable {
    /// Waiting for a worker.
    case ready
    /// Waiting for its `run_at`: a delay, a snooze, or the back-off before a retry.
    case scheduled
    /// Waiting for a token of its concurrency key.
    case parked
    /// Waiting for the end of the task that holds its unique key.
    case blocked

    /// The number stored; it never changes once released.
    public var code: Int {
        switch self {
        case .ready: 0
        case .scheduled: 1
        case .parked: 2
        case .blocked: 4
        }
    }

    public init?(code: Int) {
        guard let reason = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = reason
    }
}
