#if Redis

import Logging
import NIOCore
import Synchronization
import XQueueCore
import XQueueStoreKit

/// Wakes callers that wait for the next event: one blocking read of the log serves all of them, on a dedicated
/// connection that is opened on first use.
final class EventWatch: Sendable {
    private struct State {
        var isClosed = false
        /// Number of waiting callers. Reading ends at zero.
        var waiting = 0
        /// The position to read from; nil while not reading.
        var position: EventCursor?
        var connection: RedisConnection?
        var reading: Task<Void, Never>?
    }

    /// How long a read blocks, after which it checks that callers are waiting and the primary is the same.
    private static let blockDuration = Duration.seconds(5)

    private let client: RedisClient
    private let key: String
    private let bell = EventBell()
    private let state = Mutex(State())

    /// - Parameters:
    ///   - client: Opens the connection.
    ///   - key: The stream's key.
    init(client: RedisClient, key: String) {
        self.client = client
        self.key = key
    }

    /// Read this before reading events, so that none is missed between the read and the wait.
    var rings: Int { bell.rings }

    /// Waits until there may be an event after `end`, the deadline passes, the Swift task is canceled, or the watch is
    /// closed.
    func wait(
        after end: EventCursor, past rings: Int, until deadline: MonotonicInstant, clock: any QueueClock
    ) async {
        let isBehind = state.withLock { state in
            if let position = state.position, position > end { return true }
            state.waiting += 1
            if state.isClosed { return false }
            if state.position == nil {
                state.position = end
                // Ends on `close()`, or when no caller is waiting.
                let previous = state.reading
                state.reading = Task {
                    await previous?.value
                    await self.read(after: end)
                }
            }
            return false
        }
        if isBehind {
            // Reading is past `end` already, or the log was removed meanwhile.
            try? await Task.sleep(for: .milliseconds(10))
            return
        }
        await bell.wait(past: rings, until: deadline, clock: clock)
        state.withLock { $0.waiting -= 1 }
    }

    /// Wakes all waiting callers, and stops reading.
    func close() async {
        let (reading, connection) = state.withLock { state in
            state.isClosed = true
            defer { state.connection = nil }
            return (state.reading, state.connection)
        }
        bell.close()
        reading?.cancel()
        await reading?.value
        connection?.close(RedisClient.closed)
        await connection?.waitUntilClosed()
    }

    /// Reads until there is an event after `position`, or no caller is waiting.
    private func read(after position: EventCursor) async {
        var backOff = ReconnectBackOff()
        var isLost = false
        while state.withLock({ !$0.isClosed && $0.waiting > 0 }) {
            do throws(RedisError) {
                let connection = try await connection()
                // Events may have been missed meanwhile, so callers check for themselves.
                if isLost { break }
                if try await hasEvent(after: position, on: connection) { break }
            } catch {
                isLost = true
                drop(error)
                guard (try? await Task.sleep(for: backOff.next())) != nil else { break }
            }
        }
        state.withLock { $0.position = nil }
        bell.ring()
    }

    private func hasEvent(
        after position: EventCursor, on connection: RedisConnection
    ) async throws(RedisError) -> Bool {
        guard client.leads(to: connection.address) else {
            throw RedisError(.disconnected, "another server is the primary now")
        }
        let command = RedisCommand(
            "XREAD", "BLOCK", "\(Self.blockDuration.wholeMilliseconds)", "COUNT", "1", "STREAMS", key,
            "\(position)")
        let timeout = TimeAmount(Self.blockDuration) + TimeAmount(client.configuration.commandTimeout)
        let reply = try await connection.whileOpen { connection throws(RedisError) in
            try await connection.send(command, timeout: timeout)
        }
        if case .error(let text) = reply { throw RedisError(errorReply: text) }
        return reply != .null
    }

    private func connection() async throws(RedisError) -> RedisConnection {
        if let connection = state.withLock({ $0.connection }) { return connection }
        let connection = try await client.opener.get().open()
        let isClosed = state.withLock { state in
            if !state.isClosed { state.connection = connection }
            return state.isClosed
        }
        if isClosed {
            connection.close(RedisClient.closed)
            throw RedisClient.closed
        }
        return connection
    }

    private func drop(_ error: RedisError) {
        client.logger.debug(
            "Wait for events at Redis interrupted", metadata: ["error": "\(error.message)"])
        let connection = state.withLock { state in
            defer { state.connection = nil }
            return state.connection
        }
        connection?.close(error)
    }
}

#endif
