/// Where a task stands. The raw values are the words on the wire.
public enum TaskStatus: String, Sendable, Hashable, CaseIterable {
    /// Waits to be run: now, at a later time, or for a concurrency token.
    case pending
    /// A worker holds a lease on it and runs its handler.
    case processing
    /// The handler returned.
    case success
    /// The handler failed and no retry is left.
    case failed
    /// Somebody canceled it before it could succeed.
    case canceled
    /// It waited in the queue for longer than its queue timeout.
    case timeout

    /// Whether nothing more will happen to the task by itself.
    public var isFinal: Bool {
        switch self {
        case .pending, .processing: false
        case .success, .failed, .canceled, .timeout: true
        }
    }

    /// The number stores keep; it never changes once released.
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

/// Why a pending task is not running. The raw values are the words on the wire.
public enum PendingReason: String, Sendable, Hashable, CaseIterable {
    /// It waits for a worker.
    case ready
    /// It waits for its `run_at`: a delay, a snooze, or the back-off before a retry.
    case scheduled
    /// It waits for a token of its concurrency key.
    case parked

    /// The number stores keep; it never changes once released.
    public var code: Int {
        switch self {
        case .ready: 0
        case .scheduled: 1
        case .parked: 2
        }
    }

    public init?(code: Int) {
        guard let reason = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = reason
    }
}
