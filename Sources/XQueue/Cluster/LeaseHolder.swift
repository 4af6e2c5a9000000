import Logging
import Synchronization
import XQueueCore

/// Keeps trying to acquire one of the cluster's leases for this node, and knows whether the node holds it.
///
/// A lease counts from when it was requested, so this node considers it expired no later than the store does. Still,
/// work done under a lease must be harmless if two nodes do it simultaneously.
final class LeaseHolder: Sendable {
    private let lease: ClusterLease
    private let store: any Store
    private let nodeID: String
    private let duration: Duration
    private let context: EngineContext
    /// When the lease expires unless renewed; nil while another node holds it.
    private let heldUntil = Mutex<MonotonicInstant?>(nil)

    init(
        _ lease: ClusterLease, store: any Store, nodeID: String, duration: Duration, context: EngineContext
    ) {
        self.lease = lease
        self.store = store
        self.nodeID = nodeID
        self.duration = duration
        self.context = context
    }

    /// Whether this node holds the lease.
    var isHeld: Bool { heldUntil.withLock { isAhead($0) } }

    private func isAhead(_ end: MonotonicInstant?) -> Bool {
        end.map { $0 > context.clock.instant() } ?? false
    }

    /// Requests the lease three times within its duration, until the Swift task is canceled.
    ///
    /// - Parameter gained: Called when this node has gained the lease.
    func run(gained: @Sendable () -> Void) async {
        var backOff = context.backOff()
        while !Task.isCancelled {
            do throws(StoreError) {
                let sent = context.clock.instant()
                let isHeld = try await store.hold(lease, by: nodeID, for: duration)
                backOff.reset()
                let wasHeld = heldUntil.withLock { end in
                    // Users of a lease that expired meanwhile have stopped: it is gained anew.
                    defer { end = isHeld ? sent + duration : nil }
                    return isAhead(end)
                }
                if isHeld != wasHeld {
                    context.logger.debug(
                        "Cluster lease changed hands",
                        metadata: ["lease": "\(lease.rawValue)", "here": "\(isHeld)"])
                    if isHeld { gained() }
                }
                guard (try? await context.clock.sleep(for: duration / 3)) != nil else { return }
            } catch {
                // Others log that the store fails; this only retries.
                context.logger.debug("Could not acquire a cluster lease", metadata: ["error": "\(error)"])
                guard await backOff.wait() else { return }
            }
        }
    }

    /// Releases the lease, so that another node can take over immediately.
    func release() async {
        let wasHeld = heldUntil.withLock { end in
            defer { end = nil }
            return end != nil
        }
        guard wasHeld else { return }
        do throws(StoreError) {
            try await store.release(lease, by: nodeID)
        } catch {
            // It expires.
            context.logger.debug("Could not release a cluster lease", metadata: ["error": "\(error)"])
        }
    }
}
