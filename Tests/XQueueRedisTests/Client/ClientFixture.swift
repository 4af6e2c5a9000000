#if Redis

import Logging
import NIOPosix
import Synchronization
@testable import XQueueRedis

/// Clients for tests.
enum ClientFixture {
    /// A configuration with a connect timeout that suits a slow machine.
    static func configuration(_ address: String) throws -> RedisConfiguration {
        var configuration = try RedisConfiguration(address: address)
        configuration.connectTimeout = .seconds(20)
        return configuration
    }

    /// Runs `body` with a connected client, and closes the client.
    static func with(
        _ configuration: RedisConfiguration, _ body: (RedisClient) async throws -> Void
    ) async throws {
        let client = make(configuration)
        do {
            try await client.connect()
            try await body(client)
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    /// Returns why a client cannot connect; nil if it can.
    static func connectError(_ configuration: RedisConfiguration) async -> RedisError? {
        let client = make(configuration)
        var failure: RedisError?
        do throws(RedisError) { try await client.connect() } catch { failure = error }
        await client.close()
        return failure
    }

    /// Returns the error of a command; nil if it succeeds.
    static func failure(_ client: RedisClient, _ command: RedisCommand) async -> RedisError? {
        do throws(RedisError) {
            _ = try await client.send(command)
            return nil
        } catch {
            return error
        }
    }

    private static func make(_ configuration: RedisConfiguration) -> RedisClient {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return RedisClient(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }
}

extension RedisReply {
    /// Bytes as text.
    var text: String? {
        if case .bytes(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { nil }
    }
}

/// A list for callbacks to append to.
final class Seen<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    var all: [Value] { values.withLock { $0 } }

    func add(_ value: Value) { values.withLock { $0.append(value) } }
}

#endif
