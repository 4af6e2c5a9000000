#if Redis

import Logging
import Synchronization

/// A subscription and its current connection.
final class RedisSubscription: Sendable {
    let channels: [String]
    let onSubscribed: @Sendable () -> Void
    let onMessage: @Sendable (_ channel: String, _ message: [UInt8]) -> Void
    private let current = Mutex<RedisConnection?>(nil)

    init(
        channels: [String], onSubscribed: @escaping @Sendable () -> Void,
        onMessage: @escaping @Sendable (_ channel: String, _ message: [UInt8]) -> Void
    ) {
        self.channels = channels
        self.onSubscribed = onSubscribed
        self.onMessage = onMessage
    }

    /// Whether there is a connection now.
    var isConnected: Bool { current.withLock { $0 != nil } }

    /// Subscribes on a new connection and returns when it is closed.
    func run(on connection: RedisConnection) async throws(RedisError) {
        current.withLock { $0 = connection }
        defer { current.withLock { $0 = nil } }
        try await connection.whileOpen { connection throws(RedisError) in
            for channel in channels {
                // One channel per command, since Redis confirms each channel with a reply.
                let reply = try await connection.send(RedisCommand("SUBSCRIBE", channel))
                if case .error(let text) = reply { throw RedisError(errorReply: text) }
            }
            onSubscribed()
            await connection.waitUntilClosed()
        }
    }

    /// Closes the connection unless it leads to `address`.
    func disconnect(except address: RedisAddress?) {
        guard let connection = current.withLock({ $0 }), connection.address.place != address?.place else {
            return
        }
        connection.close(.init(.disconnected, "another server is the primary now"))
    }
}

extension RedisClient {
    /// Keeps the subscription alive until the Swift task is canceled.
    func keep(_ subscription: RedisSubscription) async {
        guard case .success(let opener) = opener else { return }
        var backOff = ReconnectBackOff()
        while !Task.isCancelled {
            do throws(RedisError) {
                let connection = try await opener.open(onMessage: subscription.onMessage)
                defer { connection.close(Self.closed) }
                backOff.reset()
                try await subscription.run(on: connection)
            } catch {
                logger.debug(
                    "Redis subscription interrupted", metadata: ["error": "\(error.message)"])
            }
            guard (try? await Task.sleep(for: backOff.next())) != nil else { return }
        }
    }
}

/// A message received on a subscribed connection.
struct Publication {
    let channel: String
    let payload: [UInt8]

    private static let marker = [UInt8]("message".utf8)

    /// Returns nil for other replies, such as a confirmation or the reply to a `PING`.
    init?(_ reply: RedisReply) {
        guard case .array(let parts) = reply, parts.count == 3, parts[0] == .bytes(Self.marker),
            case .bytes(let channel) = parts[1], case .bytes(let payload) = parts[2]
        else { return nil }
        self.channel = String(decoding: channel, as: UTF8.self)
        self.payload = payload
    }
}

#endif
