#if Redis

import Logging
import Synchronization

/// What is subscribed to, and the connection that is subscribed at the moment.
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

    /// Whether there is a connection at the moment.
    var isConnected: Bool { current.withLock { $0 != nil } }

    /// Subscribes on a fresh connection and returns when it is closed.
    func run(on connection: RedisConnection) async throws(RedisError) {
        current.withLock { $0 = connection }
        defer { current.withLock { $0 = nil } }
        try await connection.whileOpen { connection throws(RedisError) in
            for channel in channels {
                // One channel a command: each is confirmed by one reply.
                let reply = try await connection.send(RedisCommand("SUBSCRIBE", channel))
                if case .error(let text) = reply { throw RedisError(refusal: text) }
            }
            onSubscribed()
            await connection.waitUntilClosed()
        }
    }

    /// Gives the connection up if it does not lead to `address`.
    func leave(except address: RedisAddress?) {
        guard let connection = current.withLock({ $0 }), connection.address.place != address?.place else {
            return
        }
        connection.close(.init(.disconnected, "the primary is another server now"))
    }
}

extension RedisClient {
    /// Keeps the subscription alive until the task is cancelled.
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
                    "the subscription at Redis is interrupted", metadata: ["error": "\(error.message)"])
            }
            guard (try? await Task.sleep(for: backOff.next())) != nil else { return }
        }
    }
}

/// A published message, as it arrives on a subscribed connection.
struct Publication {
    let channel: String
    let payload: [UInt8]

    private static let marker = [UInt8]("message".utf8)

    /// Nil if the reply is something else: a confirmation, or the reply to a `PING`.
    init?(_ reply: RedisReply) {
        guard case .array(let parts) = reply, parts.count == 3, parts[0] == .bytes(Self.marker),
            case .bytes(let channel) = parts[1], case .bytes(let payload) = parts[2]
        else { return nil }
        self.channel = String(decoding: channel, as: UTF8.self)
        self.payload = payload
    }
}

#endif
