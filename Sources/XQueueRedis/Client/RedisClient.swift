#if Redis

package import Logging
package import NIOCore
import Synchronization

/// A client of one Redis primary: a few shared, pipelined connections, kept open until `close()`.
///
/// A command is never sent twice: one that was written and not answered fails with `disconnected` or
/// `timedOut`, and the caller must find out whether it happened.
package final class RedisClient: Sendable {
    let configuration: RedisConfiguration
    let logger: Logger
    let group: any EventLoopGroup
    let pool: Mutex<ConnectionPool>
    /// Opens connections; a failure if the configuration itself is of no use.
    let opener: Result<PreparedConnections, RedisError>
    private let queuedBytes = Atomic<Int>(0)
    private let background = Mutex<[Task<Void, Never>]>([])
    let subscriptions = Mutex<[RedisSubscription]>([])
    /// Tells the keeper that a connection is missing.
    let shortages: AsyncStream<Void>
    private let shortage: AsyncStream<Void>.Continuation

    /// A client that takes a server for what it is, whatever queue it holds.
    package convenience init(
        configuration: RedisConfiguration, group: any EventLoopGroup, logger: Logger
    ) {
        self.init(configuration: configuration, group: group, logger: logger, layout: nil)
    }

    /// - Parameter layout: Looked at by each connection before it is used.
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

    /// Opens the first connections and checks the server. Call it once; if it throws, it may be called again.
    ///
    /// - Throws: why the server cannot be used: `disconnected`, `timedOut`, `unfit`, or `refused` by the server.
    package func connect() async throws(RedisError) {
        let opener = try opener.get()
        while pool.withLock({ $0.isShort }) {
            guard adopt(try await opener.open()) else { break }
        }
        if pool.withLock({ $0.isClosed }) { throw Self.closed }
        runUntilClosed { client in await client.keepConnections() }
        if opener.sentinel != nil { runUntilClosed { client in await client.followPrimary() } }
    }

    /// Why nothing can be sent now, as far as that is known without trying.
    var trouble: RedisError? {
        pool.withLock { $0.connections.isEmpty && $0.failure != nil ? $0.refusal : nil }
    }

    /// Sends a command and waits for its reply.
    ///
    /// - Throws: `refused` with the first word of an error reply, `disconnected` and `timedOut` if there is
    ///   no reply, `unfit` while the server cannot be used, `closed` after `close()`.
    package func send(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        let size = command.size
        let queued = queuedBytes.wrappingAdd(size, ordering: .relaxed).newValue
        defer { queuedBytes.wrappingSubtract(size, ordering: .relaxed) }
        guard queued <= configuration.maximumQueuedBytes || queued == size else {
            throw RedisError(.disconnected, "too many bytes wait for Redis already", isUnsent: true)
        }
        let error: RedisError
        switch try await deliver(command) {
        case .error(let text): error = RedisError(refusal: text)
        case let reply: return reply
        }
        switch error.kind {
        case .refused("READONLY"):
            // The server has become a replica: its connections are of no more use.
            retireConnections(except: nil)
            throw error
        case .refused("MOVED"):
            // Another server of the cluster has the queue now. Nothing has happened here: it is asked instead.
            retireConnections(except: RedisAddress(movedTo: error.message))
            let reply = try await deliver(command)
            guard case .error(let text) = reply else { return reply }
            throw RedisError(refusal: text)
        default: throw error
        }
    }

    /// Keeps a connection of its own subscribed to `channels` until `close()`.
    ///
    /// - Parameter onSubscribed: called after every subscription, also those after a lost connection:
    ///   whatever was published before it may have been missed.
    /// - Parameter onMessage: called on an event loop: it must not block.
    package func subscribe(
        to channels: [String], onSubscribed: @escaping @Sendable () -> Void,
        onMessage: @escaping @Sendable (_ channel: String, _ message: [UInt8]) -> Void
    ) {
        let subscription = RedisSubscription(
            channels: channels, onSubscribed: onSubscribed, onMessage: onMessage)
        subscriptions.withLock { $0.append(subscription) }
        runUntilClosed { client in await client.keep(subscription) }
    }

    /// Closes every connection; all who wait are told `closed`. Returns when it is done.
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

    func askForConnection() { shortage.yield() }

    /// Starts a task that `close()` cancels and awaits.
    private func runUntilClosed(_ body: @escaping @Sendable (RedisClient) async -> Void) {
        background.withLock { tasks in
            // Under the lock that `close()` takes after closing the pool: a task is either seen there or not begun.
            guard !pool.withLock({ $0.isClosed }) else { return }
            tasks.append(Task { await body(self) })
        }
    }
}

#endif
