#if Redis

import NIOCore
import Synchronization

extension RedisClient {
    /// Sends on the least busy connection; if there is none, waits for one up to the connect timeout.
    func deliver(_ command: RedisCommand) async throws(RedisError) -> RedisReply {
        var deadline: NIODeadline?
        while true {
            switch pool.withLock({ $0.pick() }) {
            case .connection(let connection, let isCrowded):
                if isCrowded { requestConnection() }
                do throws(RedisError) {
                    return try await connection.send(command)
                } catch {
                    guard error.isUnsent, deadline.map({ $0 > .now() }) ?? true else { throw error }
                    forget(connection)
                }
            case .wait: break
            case .closed: throw Self.closed.unsent
            }
            let end = deadline ?? .now() + TimeAmount(configuration.connectTimeout)
            deadline = end
            try await waitForConnection(until: end)
        }
    }

    private func waitForConnection(until deadline: NIODeadline) async throws(RedisError) {
        let outcome = await withCheckedContinuation { continuation in
            let caller = ConnectionPool.Caller(deadline: deadline, continuation: continuation)
            switch pool.withLock({ $0.admit(caller) }) {
            case .ready: continuation.resume(returning: .success(()))
            case .rejected(let error): continuation.resume(returning: .failure(error))
            case .waits(let needsExpiry): if needsExpiry { expireCallers(at: deadline) }
            }
        }
        try outcome.get()
    }

    /// All callers have the same timeout, so a timer for the first one is enough.
    private func expireCallers(at deadline: NIODeadline) {
        group.next().scheduleTask(deadline: deadline) { [weak self] in
            guard let self else { return }
            let (expired, error) = pool.withLock { pool in (pool.expire(now: .now()), pool.unavailable) }
            for caller in expired.overdue { caller.continuation.resume(returning: .failure(error)) }
            if let next = expired.next { expireCallers(at: next) }
        }
    }
}

#endif
