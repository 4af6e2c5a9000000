#if Redis

import NIOCore

/// Opens connections that are ready to use: to the primary, logged in and checked.
struct PreparedConnections: Sendable {
    /// Maximum number of redirects between the servers of a cluster.
    private static let maxRedirects = 5
    let sentinel: SentinelLookup?
    private let configuration: RedisConfiguration
    private let connector: RedisConnector
    private let handshake: ServerHandshake
    private let cluster: ClusterMap

    init(
        configuration: RedisConfiguration, group: any EventLoopGroup, layout: QueueLayout?
    ) throws(RedisError) {
        self.configuration = configuration
        connector = try RedisConnector(group: group, configuration: configuration)
        handshake = ServerHandshake(
            username: configuration.username, password: configuration.password,
            timeout: connector.connectTimeout, layout: layout)
        cluster = ClusterMap(
            tag: configuration.hashTag, seed: configuration.address, timeout: connector.connectTimeout)
        sentinel = configuration.sentinel.map { [connector] sentinel in
            SentinelLookup(
                sentinel: sentinel, connector: connector, options: Self.options(for: configuration))
        }
    }

    /// Opens a connection to the primary.
    ///
    /// - Parameter onMessage: Receives the messages of a connection to subscribe, on its event loop; else nil.
    /// - Throws: Why no server is usable. Failed connections are closed.
    func open(
        onMessage: (@Sendable (_ channel: String, _ message: [UInt8]) -> Void)? = nil
    ) async throws(RedisError) -> RedisConnection {
        var options = Self.options(for: configuration)
        options.onMessage = onMessage
        if let sentinel { return try await open(sentinel.primary(), options) }
        var failures: [RedisError] = []
        for address in cluster.candidates {
            do throws(RedisError) {
                return try await open(address, options)
            } catch {
                if Task.isCancelled { throw error }
                failures.append(error)
            }
        }
        // There is always a candidate. If there are several, they usually fail for the same reason.
        throw failures[0]
    }

    /// Connects to the server at `address`, or to the server of its cluster that has the queue.
    private func open(
        _ address: RedisAddress, _ options: RedisChannelHandler.Options
    ) async throws(RedisError) -> RedisConnection {
        var address = address
        for _ in 0..<Self.maxRedirects {
            let connection = try await connector.open(address, options: options)
            do throws(RedisError) {
                let owner = try await connection.whileOpen { connection throws(RedisError) in
                    try await handshake.prepare(
                        connection, database: configuration.database, cluster: cluster)
                }
                guard let owner else { return connection }
                connection.close(.init(.closed, "no longer needed"))
                address = owner
            } catch {
                connection.close(error)
                throw error
            }
        }
        throw RedisError(
            .disconnected, "the servers of the Redis Cluster disagree on which of them has the queue",
            isUnsent: true)
    }

    private static func options(for configuration: RedisConfiguration) -> RedisChannelHandler.Options {
        .init(
            commandTimeout: TimeAmount(configuration.commandTimeout),
            maximumReplyBytes: configuration.maximumReplyBytes)
    }
}

#endif
