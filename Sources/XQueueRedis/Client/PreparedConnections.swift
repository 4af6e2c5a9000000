#if Redis

import NIOCore

/// Makes connections that are ready for tasks: the primary found, logged in, checked.
struct PreparedConnections: Sendable {
    let sentinel: SentinelLookup?
    private let configuration: RedisConfiguration
    private let connector: RedisConnector
    private let handshake: ServerHandshake

    init(configuration: RedisConfiguration, group: any EventLoopGroup) throws(RedisError) {
        self.configuration = configuration
        connector = try RedisConnector(group: group, configuration: configuration)
        handshake = ServerHandshake(
            username: configuration.username, password: configuration.password,
            timeout: connector.connectTimeout)
        sentinel = configuration.sentinel.map { [connector] sentinel in
            SentinelLookup(
                sentinel: sentinel, connector: connector, options: Self.options(for: configuration))
        }
    }

    /// - Parameter onMessage: given for a connection that will be subscribed; called on its event loop.
    /// - Throws: why there is no usable server; the connection tried is closed by then.
    func open(
        onMessage: (@Sendable (_ channel: String, _ message: [UInt8]) -> Void)? = nil
    ) async throws(RedisError) -> RedisConnection {
        let address = try await sentinel?.primary() ?? configuration.address
        var options = Self.options(for: configuration)
        options.onMessage = onMessage
        let connection = try await connector.open(address, options: options)
        do throws(RedisError) {
            try await connection.whileOpen { connection throws(RedisError) in
                try await handshake.prepare(connection, database: configuration.database)
            }
            return connection
        } catch {
            connection.close(error)
            throw error
        }
    }

    private static func options(for configuration: RedisConfiguration) -> RedisChannelHandler.Options {
        .init(
            commandTimeout: TimeAmount(configuration.commandTimeout),
            maximumReplyBytes: configuration.maximumReplyBytes)
    }
}

#endif
