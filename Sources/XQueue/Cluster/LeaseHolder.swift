import Logging
import Synchronization
import XQueueCore

/// Keeps trying to get one of the cluster's leases for this node, and knows whether it has it.
///
/// It counts a lease from when it was asked for, so it stops believing in one no later than the store does. Still, what is
/// done under a lease must do no harm if two nodes do it at once.
final class LeaseHolder: Sendable {
    private let lease: ClusterLease
    private let store: any Store
    private let nodeID: String
    private let duration: Duration
    private let context: EngineContext
    /// When the lease is over unless it is renewed; nil while another node has it.
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

    /// Whether this node has the lease.
    var isHeld: Bool { heldUntil.withLock { isAhead($0) } }

    private func isAhead(_ end: MonotonicInstant?) -> Bool {
        end.map { $0 > context.clock.instant() } ?? false
    }

    /// Asks three times within each lease, until the Swift task is canceled.
    ///
    /// - Parameter gained: Called when the lease has become this node's.
    func run(gained: @Sendable () -> Void) async {
        var backOff = context.backOff()
        while !Task.isCancelled {
            do throws(StoreError) {
                let sent = context.clock.instant()
                let isHeld = try await store.hold(lease, by: nodeID, for: duration)
                backOff.reset()
                let wasHeld = heldUntil.withLock { end in
                    // A lease that ran out meanwhile was noticed by those who look, and is gained anew.
                    defer { end = isHeld ? sent + duration : nil }
                    return isAhead(end)
                }
                if isHeld != wasHeld {
                    context.logger.debug(
                        "A lease moved", metadata: ["lease": "\(lease.rawValue)", "here": "\(isHeld)"])
                    if isHeld { gained() }
                }
                guard (try? await context.clock.sleep(for: duration / 3)) != nil else { return }
            } catch {
                // Whoever works with the store says that it fails; this only tries again.
                context.logger.debug("A lease cannot be taken", metadata: ["error": "\(error)"])
                guard await backOff.wait() else { return }
            }
        }
    }

    /// Lets another node take over at once.
    func release() async {
        let wasHeld = heldUntil.withLock { end in
            defer { end = nil }
            return end != nil
        }
        guard wasHeld else { return }
        do throws(StoreError) {
            try await store.release(lease, by: nodeID)
        } catch {
            // It ends by itself.
            context.logger.debug("A lease was not handed over", metadata: ["error": "\(error)"])
        }
    }
}
