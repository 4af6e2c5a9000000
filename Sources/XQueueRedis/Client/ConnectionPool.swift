#if Redis

import NIOCore

/// Which connections there are, who waits for one, and what to do about it. Holds no lock and does no I/O.
struct ConnectionPool {
    /// Somebody who waits for a connection to be there.
    struct Caller {
        let deadline: NIODeadline
        let continuation: CheckedContinuation<Result<Void, RedisError>, Never>
    }

    /// What a caller is told who wants to send.
    enum Pick {
        /// This one; `isCrowded` means that one more connection would do good.
        case connection(RedisConnection, isCrowded: Bool)
        case wait
        case closed
    }

    private(set) var connections: [RedisConnection] = []
    /// Those that take no more commands but are not closed yet.
    private var retiring: [RedisConnection] = []
    private(set) var isClosed = false
    /// Why the last attempt to connect failed; nil after one that succeeded.
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

    /// True while fewer connections are open than are kept at all times.
    var isShort: Bool { !isClosed && connections.count < limits.minimum }

    /// True while every connection is busy and another one is allowed.
    var isCrowded: Bool {
        !isClosed && connections.count < limits.maximum
            && connections.allSatisfy { $0.load >= limits.commandsPerConnection }
    }

    /// The connection with the fewest unanswered commands.
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

    /// Adds a connection and returns those who waited for one; nil if the pool is closed.
    mutating func add(_ connection: RedisConnection) -> [Caller]? {
        guard !isClosed else { return nil }
        connections.append(connection)
        failure = nil
        return takeCallers()
    }

    /// Forgets a connection that is closed.
    mutating func remove(_ connection: RedisConnection) {
        connections.removeAll { $0 === connection }
        retiring.removeAll { $0 === connection }
    }

    /// Takes out the connections that lead elsewhere than to `address`, for the caller to retire.
    mutating func retire(except address: RedisAddress?) -> [RedisConnection] {
        let removed = connections.filter { $0.address.place != address?.place }
        connections.removeAll { $0.address.place != address?.place }
        retiring += removed
        return removed
    }

    mutating func note(_ failure: RedisError) { self.failure = failure }

    /// What becomes of a caller who wants to wait.
    enum Admission {
        /// It waits; `needsExpiry` means that nothing will end the wait of anyone yet.
        case waits(needsExpiry: Bool)
        /// There is a connection by now.
        case ready
        case refused(RedisError)
    }

    mutating func admit(_ caller: Caller) -> Admission {
        if isClosed { return .refused(.init(.closed, "the Redis client is closed", isUnsent: true)) }
        guard connections.isEmpty else { return .ready }
        guard callers.count < limits.callers else {
            let message = "there is no connection to Redis, and \(limits.callers) calls wait for one already"
            return .refused(.init(.disconnected, message, isUnsent: true))
        }
        callers.append(caller)
        defer { isExpiryScheduled = true }
        return .waits(needsExpiry: !isExpiryScheduled)
    }

    /// Those whose time is up, and when the next one's will be.
    mutating func expire(now: NIODeadline) -> (overdue: [Caller], next: NIODeadline?) {
        var overdue: [Caller] = []
        while let first = callers.first, first.deadline <= now { overdue.append(callers.removeFirst()) }
        isExpiryScheduled = !callers.isEmpty
        return (overdue, callers.first?.deadline)
    }

    /// What a caller is told who waited in vain.
    var refusal: RedisError {
        guard let failure else {
            return RedisError(.disconnected, "there is no connection to Redis", isUnsent: true)
        }
        switch failure.kind {
        case .newer, .older: return failure.unsent
        case .unfit:
            return RedisError(
                .unfit, "there is no connection to Redis: \(failure.message)", isUnsent: true)
        default:
            return RedisError(
                .disconnected, "there is no connection to Redis: \(failure.message)", isUnsent: true)
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
