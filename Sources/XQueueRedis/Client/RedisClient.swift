#if Redis

package import Logging
package import NIOCore
import Synchronization

/// A client of one Redis primary, with a pool of shared, pipelined connections.
///
/// A command is never sent twice. One that was written but not answered fails with `disconnected` or `timedOut`, and
/// the caller has to find out whether it was executed.
package final class RedisClient: Sendable {
    let configuration: RedisConfiguration
    let logger: Logger
    let group: any EventLoopGroup
    let pool: Mutex<ConnectionPool>
    /// Opens connections; a failure if the configuration is invalid.
    let opener: Result<PreparedConnections, RedisError>
    private let queuedBytes = Atomic<Int>(0)
    private let background = Mutex<[Task<Void, Never>]>([])
    let subscriptions = Mutex<[RedisSubscription]>([])
    /// Wakes the keeper when a connection is needed.
    let shortages: AsyncStream<Void>
    private let shortage: AsyncStream<Void>.Continuation

    /// Creates a client that does not check the queue's layout.
    package convenience init(
        configuration: RedisConfiguration, group: any EventLoopGroup, logger: Logger
    ) {
        self.init(configuration: configuration, group: group, logger: logger, layout: nil)
    }

    /// - Parameter layout: Checks the queue's layout on each new connection.
    init(
        configuration: RedisConfiguration, group: any EventLoopGroup, logger: Logger, layout: QueueLayout?
    ) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        let maximum = max(configuration.poolSize, 1)
        pool = Mutex(
            ConnectionPool(
                limits: .init(
                    minimum: min(max(configuration.minIdleConnections, 1), maximum), maximum: maximum,
                    callers: configuration.maximumWaitingCallers,
                    commandsPerConnection: configuration.commandsPerConnection)))
        opener = Result { () throws(RedisError) in
            try PreparedConnections(configuration: configuration, group: group, layout: layout)
        }
        (shortages, shortage) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Opens the first connections and checks the server. Call it once; call it again only if it throws.
    ///
    /// - Throws: `disconnected`, `timedOut`, `unsuitable`, or `errorReply`.
    package func connect() async throws(RedisError) {
        let opener = try opener.get()
        while pool.withLock({ $0.isShort }) {
            guard adopt(try await opener.open()) else { break }
        }
        if pool.withLock({ $0.isClosed }) { throw Self.closed }
        runUntilClosed { client in await client.keepConnections() }
        if opener.sentinel != nil { runUntilClosed { client in await client.followPrimary() } }
    }

    /// Why there is no connection; nil if there is one, or none was tried yet.
    var knownFailure: RedisError? {
        pool.withLock { $0.connections.isEmpty && $0.failure != nil ? $0.unavailable : nil }
    }

    /// Sends a command and waits for its reply.
    ///
    /// - Throws: `errorReply` with the first word of an error reply, `disconnected` or `timedOut` if there is no reply,
    ///   `unsuitable` while the server is unsuitable, `closed` after `close()`.
    package func send(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        let size = command.size
        let queued = queuedBytes.wrappingAdd(size, ordering: .relaxed).newValue
        defer { queuedBytes.wrappingSubtract(size, ordering: .relaxed) }
        guard queued <= configuration.maximumQueuedBytes || queued == size else {
            throw RedisError(.disconnected, "too many bytes are queued for Redis", isUnsent: true)
        }
        let error: RedisError
        switch try await deliver(command) {
        case .error(let text): error = RedisError(errorReply: text)
        case let reply: return reply
        }
        switch error.kind {
        case .errorReply("READONLY"):
            // The server has become a replica.
            retireConnections(except: nil)
            throw error
        case .errorReply("MOVED"):
            // Another server of the cluster has the queue now. The command was not executed here, so send it there.
            retireConnections(except: RedisAddress(movedTo: error.message))
            let reply = try await deliver(command)
            guard case .error(let text) = reply else { return reply }
            throw RedisError(errorReply: text)
        default: throw error
        }
    }

    /// Keeps a dedicated connection subscribed to `channels` until `close()`.
    ///
    /// - Parameters:
    ///   - channels: The channels' names.
    ///   - onSubscribed: Called after each subscription, including those after a lost connection. Messages published
    ///     before it may have been missed.
    ///   - onMessage: Called on an event loop; it must not block.
    package func subscribe(
        to channels: [String], onSubscribed: @escaping @Sendable () -> Void,
        onMessage: @escaping @Sendable (_ channel: String, _ message: [UInt8]) -> Void
    ) {
        let subscription = RedisSubscription(
            channels: channels, onSubscribed: onSubscribed, onMessage: onMessage)
        subscriptions.withLock { $0.append(subscription) }
        runUntilClosed { client in await client.keep(subscription) }
    }

    /// Closes all connections and fails waiting callers with `closed`. Returns once everything is closed.
    package func close() async {
        let (callers, connections) = pool.withLock { $0.close() }
        shortage.finish()
        for caller in callers { caller.continuation.resume(returning: .failure(Self.closed)) }
        let tasks = background.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks { task.cancel() }
        for connection in connections { connection.close(Self.closed) }
        for task in tasks { await task.value }
        for connection in connections { await connection.waitUntilClosed() }
    }

    static var closed: RedisError { RedisError(.closed, "the Redis client is closed") }

    func requestConnection() { shortage.yield() }

    /// Starts a task that `close()` cancels and awaits.
    private func runUntilClosed(_ body: @escaping @Sendable (RedisClient) async -> Void) {
        background.withLock { tasks in
            // `close()` takes this lock after closing the pool, so it sees every task that starts.
            guard !pool.withLock({ $0.isClosed }) else { return }
            tasks.append(Task { await body(self) })
        }
    }
}

#endif
