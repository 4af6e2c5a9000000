#if Redis

import NIOCore
import Synchronization

/// Asks the Sentinels, one after another, which server is the primary.
final class SentinelLookup: Sendable {
    private let sentinel: RedisConfiguration.Sentinel
    private let connector: RedisConnector
    private let options: RedisChannelHandler.Options
    private let handshake: ServerHandshake
    /// The one that answered last is asked first.
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

    /// - Throws: `disconnected` with what every one of them said, if none knows.
    func primary() async throws(RedisError) -> RedisAddress {
        var failures: [String] = []
        for address in order.withLock({ $0 }) {
            do throws(RedisError) {
                let primary = try await ask(address)
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

    private func ask(_ address: RedisAddress) async throws(RedisError) -> RedisAddress {
        let connection = try await connector.open(address, options: options)
        defer { connection.close(.init(.closed, "no longer needed")) }
        return try await connection.whileOpen { connection throws(RedisError) in
            try await ask(address, on: connection)
        }
    }

    private func ask(
        _ address: RedisAddress, on connection: RedisConnection
    ) async throws(RedisError) -> RedisAddress {
        try await handshake.authenticate(on: connection)
        let question = RedisCommand("SENTINEL", "get-master-addr-by-name", sentinel.primaryName)
        switch try await connection.send(question, timeout: connector.connectTimeout) {
        case .array(let parts):
            guard parts.count == 2, case .bytes(let host) = parts[0], case .bytes(let port) = parts[1],
                let number = Int(String(decoding: port, as: UTF8.self)), RedisAddress.ports ~= number
            else { throw RedisError(.disconnected, "it answered something else than an address") }
            return RedisAddress(.host(String(decoding: host, as: UTF8.self), port: number))
        case .error(let text): throw RedisError(refusal: text)
        default: throw RedisError(.unfit, "it does not know \(sentinel.primaryName)")
        }
    }
}

#endif
