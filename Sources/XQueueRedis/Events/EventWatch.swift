#if Redis

import Logging
import NIOCore
import Synchronization
import XQueueCore
import XQueueStoreKit

/// Wakes those who wait for the next event: one blocking read of the log for all of them, on a connection of
/// its own that is opened when somebody waits for the first time.
final class EventWatch: Sendable {
    private struct State {
        var isClosed = false
        /// How many wait. Without any, the reading ends.
        var waiting = 0
        /// What the reading goes on from; nil while nothing is read.
        var position: EventCursor?
        var connection: RedisConnection?
        var reading: Task<Void, Never>?
    }

    /// A read ends after this long, so that it is noticed when nobody waits any more or the primary is another
    /// server.
    private static let slice = Duration.seconds(5)

    private let client: RedisClient
    private let key: String
    private let bell = EventBell()
    private let state = Mutex(State())

    /// - Parameter key: The stream's.
    init(client: RedisClient, key: String) {
        self.client = client
        self.key = key
    }

    /// To be read before looking for events, so that none comes unnoticed between the look and the wait.
    var rings: Int { bell.rings }

    /// Returns when there is, or may be, an event after `end`; at the deadline; when the Swift task is
    /// canceled, or this is closed.
    func wait(
        after end: EventCursor, past rings: Int, until deadline: MonotonicInstant, clock: any QueueClock
    ) async {
        let isBehind = state.withLock { state in
            if let position = state.position, position > end { return true }
            state.waiting += 1
            if state.isClosed { return false }
            if state.position == nil {
                state.position = end
                // Ended by `close()`, or by itself when nobody waits.
                let previous = state.reading
                state.reading = Task {
                    await previous?.value
                    await self.read(after: end)
                }
            }
            return false
        }
        if isBehind {
            // Others have seen more of the log already, or the log was removed while they wait.
            try? await Task.sleep(for: .milliseconds(10))
            return
        }
        await bell.wait(past: rings, until: deadline, clock: clock)
        state.withLock { $0.waiting -= 1 }
    }

    /// Wakes everybody for good, and ends the reading.
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

    /// Reads until there is an event after `position`, or nobody waits for one.
    private func read(after position: EventCursor) async {
        var backOff = ReconnectBackOff()
        var isLost = false
        while state.withLock({ !$0.isClosed && $0.waiting > 0 }) {
            do throws(RedisError) {
                let connection = try await connection()
                // Whatever happened meanwhile, everybody looks for himself.
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
            throw RedisError(.disconnected, "the primary is another server now")
        }
        let command = RedisCommand(
            "XREAD", "BLOCK", "\(Self.slice.wholeMilliseconds)", "COUNT", "1", "STREAMS", key,
            "\(position)")
        let timeout = TimeAmount(Self.slice) + TimeAmount(client.configuration.commandTimeout)
        let reply = try await connection.whileOpen { connection throws(RedisError) in
            try await connection.send(command, timeout: timeout)
        }
        if case .error(let text) = reply { throw RedisError(refusal: text) }
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
            "the wait for events at Redis is interrupted", metadata: ["error": "\(error.message)"])
        let connection = state.withLock { state in
            defer { state.connection = nil }
            return state.connection
        }
        connection?.close(error)
    }
}

#endif
