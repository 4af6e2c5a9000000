#if Redis

import NIOCore

/// The open connections and the callers waiting for one. Holds no lock and does no I/O.
struct ConnectionPool {
    /// A caller waiting for a connection.
    struct Caller {
        let deadline: NIODeadline
        let continuation: CheckedContinuation<Result<Void, RedisError>, Never>
    }

    /// The result of choosing a connection to send on.
    enum Pick {
        /// Use this connection; `isCrowded` means that another one should be opened.
        case connection(RedisConnection, isCrowded: Bool)
        case wait
        case closed
    }

    private(set) var connections: [RedisConnection] = []
    /// Connections that accept no more commands but are not closed yet.
    private var retiring: [RedisConnection] = []
    private(set) var isClosed = false
    /// Why the last attempt to connect failed; nil if it succeeded.
    private(set) var failure: RedisError?
    private var callers = CircularBuffer<Caller>()
    private var isExpiryScheduled = false
    private let limits: Limits

    struct Limits {
        let minimum: Int
        let maximum: Int
        let callers: Int
        let commandsPerConnection: Int
    }

    init(limits: Limits) { self.limits = limits }

    /// Whether fewer connections are open than the minimum.
    var isShort: Bool { !isClosed && connections.count < limits.minimum }

    /// Whether every connection is busy and another one is allowed.
    var isCrowded: Bool {
        !isClosed && connections.count < limits.maximum
            && connections.allSatisfy { $0.load >= limits.commandsPerConnection }
    }

    /// Picks the connection with the fewest unanswered commands.
    func pick() -> Pick {
        if isClosed { return .closed }
        guard var best = connections.first else { return .wait }
        var load = best.load
        for connection in connections.dropFirst() where connection.load < load {
            best = connection
            load = connection.load
        }
        let isCrowded = load >= limits.commandsPerConnection && connections.count < limits.maximum
        return .connection(best, isCrowded: isCrowded)
    }

    /// Adds a connection and returns the callers that were waiting; nil if the pool is closed.
    mutating func add(_ connection: RedisConnection) -> [Caller]? {
        guard !isClosed else { return nil }
        connections.append(connection)
        failure = nil
        return takeCallers()
    }

    /// Removes a closed connection.
    mutating func remove(_ connection: RedisConnection) {
        connections.removeAll { $0 === connection }
        retiring.removeAll { $0 === connection }
    }

    /// Removes the connections to servers other than `address`, for the caller to retire.
    mutating func retire(except address: RedisAddress?) -> [RedisConnection] {
        let removed = connections.filter { $0.address.place != address?.place }
        connections.removeAll { $0.address.place != address?.place }
        retiring += removed
        return removed
    }

    mutating func recordFailure(_ failure: RedisError) { self.failure = failure }

    /// The outcome of asking to wait for a connection.
    enum Admission {
        /// The caller waits; `needsExpiry` means that no expiry timer is scheduled yet.
        case waits(needsExpiry: Bool)
        /// A connection is available now.
        case ready
        case rejected(RedisError)
    }

    mutating func admit(_ caller: Caller) -> Admission {
        if isClosed { return .rejected(.init(.closed, "the Redis client is closed", isUnsent: true)) }
        guard connections.isEmpty else { return .ready }
        guard callers.count < limits.callers else {
            let message = "no connection to Redis, and \(limits.callers) calls are already waiting for one"
            return .rejected(.init(.disconnected, message, isUnsent: true))
        }
        callers.append(caller)
        defer { isExpiryScheduled = true }
        return .waits(needsExpiry: !isExpiryScheduled)
    }

    /// Removes the callers whose deadline has passed, and returns them and the next deadline.
    mutating func expire(now: NIODeadline) -> (overdue: [Caller], next: NIODeadline?) {
        var overdue: [Caller] = []
        while let first = callers.first, first.deadline <= now { overdue.append(callers.removeFirst()) }
        isExpiryScheduled = !callers.isEmpty
        return (overdue, callers.first?.deadline)
    }

    /// The error for callers that have waited too long.
    var unavailable: RedisError {
        guard let failure else {
            return RedisError(.disconnected, "no connection to Redis", isUnsent: true)
        }
        switch failure.kind {
        case .newerLayout, .olderLayout: return failure.unsent
        case .unsuitable:
            return RedisError(
                .unsuitable, "no connection to Redis: \(failure.message)", isUnsent: true)
        default:
            return RedisError(
                .disconnected, "no connection to Redis: \(failure.message)", isUnsent: true)
        }
    }

    mutating func close() -> (callers: [Caller], connections: [RedisConnection]) {
        isClosed = true
        defer {
            connections = []
            retiring = []
        }
        return (takeCallers(), connections + retiring)
    }

    private mutating func takeCallers() -> [Caller] {
        defer { callers.removeAll() }
        return Array(callers)
    }
}

#endif
