#if Redis

import NIOCore
import Synchronization

/// Queries the Sentinels in turn for the current primary.
final class SentinelLookup: Sendable {
    private let sentinel: RedisConfiguration.Sentinel
    private let connector: RedisConnector
    private let options: RedisChannelHandler.Options
    private let handshake: ServerHandshake
    /// The order to query them in; the last one that replied comes first.
    private let order: Mutex<[RedisAddress]>

    init(
        sentinel: RedisConfiguration.Sentinel, connector: RedisConnector, options: RedisChannelHandler.Options
    ) {
        self.sentinel = sentinel
        self.connector = connector
        self.options = options
        handshake = ServerHandshake(
            username: sentinel.username, password: sentinel.password, timeout: connector.connectTimeout,
            layout: nil)
        order = Mutex(sentinel.addresses)
    }

    /// Returns the address of the primary.
    ///
    /// - Throws: `disconnected`, with the reply of each Sentinel, if none knows the primary.
    func primary() async throws(RedisError) -> RedisAddress {
        var failures: [String] = []
        for address in order.withLock({ $0 }) {
            do throws(RedisError) {
                let primary = try await query(address)
                order.withLock { order in
                    order.removeAll { $0 == address }
                    order.insert(address, at: 0)
                }
                return primary
            } catch {
                failures.append("\(address): \(error.message)")
            }
        }
        throw RedisError(
            .disconnected,
            "no Sentinel knows the primary \(sentinel.primaryName) (\(failures.joined(separator: "; ")))",
            isUnsent: true)
    }

    private func query(_ address: RedisAddress) async throws(RedisError) -> RedisAddress {
        let connection = try await connector.open(address, options: options)
        defer { connection.close(.init(.closed, "no longer needed")) }
        return try await connection.whileOpen { connection throws(RedisError) in
            try await query(address, on: connection)
        }
    }

    private func query(
        _ address: RedisAddress, on connection: RedisConnection
    ) async throws(RedisError) -> RedisAddress {
        try await handshake.authenticate(on: connection)
        let command = RedisCommand("SENTINEL", "get-master-addr-by-name", sentinel.primaryName)
        switch try await connection.send(command, timeout: connector.connectTimeout) {
        case .array(let parts):
            guard parts.count == 2, case .bytes(let host) = parts[0], case .bytes(let port) = parts[1],
                let number = Int(String(decoding: port, as: UTF8.self)), RedisAddress.ports ~= number
            else { throw RedisError(.disconnected, "unexpected reply") }
            return RedisAddress(.host(String(decoding: host, as: UTF8.self), port: number))
        case .error(let text): throw RedisError(errorReply: text)
        default: throw RedisError(.unsuitable, "unknown primary \(sentinel.primaryName)")
        }
    }
}

#endif
