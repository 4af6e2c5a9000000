#if Redis

import Logging
import NIOCore
import Synchronization

extension RedisClient {
    /// Interval between queries for the current primary at the Sentinels.
    private static let primaryCheckInterval = Duration.seconds(1)

    /// Opens connections whenever there are too few, until the client is closed.
    func keepConnections() async {
        guard case .success(let opener) = opener else { return }
        var backOff = ReconnectBackOff()
        var isLost = false
        // A connection may have been lost before this started.
        requestConnection()
        for await _ in shortages {
            while pool.withLock({ $0.isShort || $0.isCrowded }) {
                do throws(RedisError) {
                    guard adopt(try await opener.open()) else { return }
                    backOff.reset()
                    if isLost { logger.info("Reconnected to Redis", metadata: ["redis": "\(configuration)"]) }
                    isLost = false
                } catch {
                    if Task.isCancelled { return }
                    pool.withLock { $0.recordFailure(error) }
                    logger.log(
                        level: isLost ? .debug : .warning, "Cannot connect to Redis; retrying",
                        metadata: ["redis": "\(configuration)", "error": "\(error.message)"])
                    isLost = true
                    guard (try? await Task.sleep(for: backOff.next())) != nil else { return }
                }
            }
        }
    }

    /// Abandons a server that is no longer the primary according to the Sentinels, even if it is still reachable.
    func followPrimary() async {
        guard case .success(let opener) = opener, let sentinel = opener.sentinel else { return }
        while (try? await Task.sleep(for: Self.primaryCheckInterval)) != nil {
            // Without a reply the current connections stay in use.
            guard let primary = try? await sentinel.primary() else { continue }
            retireConnections(except: primary)
        }
    }

    /// Returns false if command connections lead to another server.
    func leads(to address: RedisAddress) -> Bool {
        pool.withLock { $0.connections.allSatisfy { $0.address.place == address.place } }
    }

    /// Adds a connection to the pool; returns false, and closes it, if the client is closed.
    func adopt(_ connection: RedisConnection) -> Bool {
        guard let callers = pool.withLock({ $0.add(connection) }) else {
            connection.close(Self.closed)
            return false
        }
        connection.whenClosed { [weak self] in self?.forget(connection) }
        for caller in callers { caller.continuation.resume(returning: .success(())) }
        return true
    }

    func forget(_ connection: RedisConnection) {
        pool.withLock { $0.remove(connection) }
        requestConnection()
    }

    /// Retires the connections to servers other than `address`, including those of subscriptions.
    func retireConnections(except address: RedisAddress?) {
        let retired = pool.withLock { $0.retire(except: address) }
        for connection in retired { connection.retire() }
        for subscription in subscriptions.withLock({ $0 }) { subscription.disconnect(except: address) }
        if !retired.isEmpty { requestConnection() }
    }
}

#endif
