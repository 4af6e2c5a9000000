#if Redis

import Logging
import NIOCore
import Synchronization

extension RedisClient {
    /// How often the Sentinels are asked whether the primary is still the same.
    private static let primaryCheckInterval = Duration.seconds(1)

    /// Opens connections whenever there are too few, for as long as the client lives.
    func keepConnections() async {
        guard case .success(let opener) = opener else { return }
        var backOff = ReconnectBackOff()
        var isLost = false
        // Short of connections already, if one broke before this began.
        askForConnection()
        for await _ in shortages {
            while pool.withLock({ $0.isShort || $0.isCrowded }) {
                do throws(RedisError) {
                    guard adopt(try await opener.open()) else { return }
                    backOff.reset()
                    if isLost { logger.info("Redis is back", metadata: ["redis": "\(configuration)"]) }
                    isLost = false
                } catch {
                    if Task.isCancelled { return }
                    pool.withLock { $0.note(error) }
                    logger.log(
                        level: isLost ? .debug : .warning, "cannot connect to Redis, trying again",
                        metadata: ["redis": "\(configuration)", "error": "\(error.message)"])
                    isLost = true
                    guard (try? await Task.sleep(for: backOff.next())) != nil else { return }
                }
            }
        }
    }

    /// Leaves a server that the Sentinels no longer call the primary, even if it can still be reached.
    func followPrimary() async {
        guard case .success(let opener) = opener, let sentinel = opener.sentinel else { return }
        while (try? await Task.sleep(for: Self.primaryCheckInterval)) != nil {
            // No answer means nothing: the connections there are stay in use.
            guard let primary = try? await sentinel.primary() else { continue }
            retireConnections(except: primary)
        }
    }

    /// False if the connections for commands lead elsewhere.
    func leads(to address: RedisAddress) -> Bool {
        pool.withLock { $0.connections.allSatisfy { $0.address.place == address.place } }
    }

    /// Puts a connection to use; false if the client has been closed meanwhile.
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
        askForConnection()
    }

    /// Lets go of the connections that do not lead to `address`, the subscriptions' included.
    func retireConnections(except address: RedisAddress?) {
        let retired = pool.withLock { $0.retire(except: address) }
        for connection in retired { connection.retire() }
        for subscription in subscriptions.withLock({ $0 }) { subscription.leave(except: address) }
        if !retired.isEmpty { askForConnection() }
    }
}

#endif
