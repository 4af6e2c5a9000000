import Logging
import Synchronization
import XQueueCore

/// Keeps trying to get one of the cluster's leases for this node, and knows whether it has it.
///
/// What it knows may be out of date by a moment: what is done under a lease must do no harm if two nodes
/// do it at once.
final class LeaseHolder: Sendable {
    private let lease: ClusterLease
    private let store: any TaskStore
    private let nodeID: String
    private let duration: Duration
    private let clock: any QueueClock
    private let random: any RandomSource
    private let logger: Logger
    private let held = Atomic(false)

    init(
        _ lease: ClusterLease, store: any TaskStore, nodeID: String, duration: Duration,
        clock: any QueueClock,
        random: any RandomSource, logger: Logger
    ) {
        self.lease = lease
        self.store = store
        self.nodeID = nodeID
        self.duration = duration
        self.clock = clock
        self.random = random
        self.logger = logger
    }

    /// Whether this node had the lease when it last asked.
    var isHeld: Bool { held.load(ordering: .acquiring) }

    /// Asks three times within each lease, until the Swift task is canceled.
    ///
    /// - Parameter gained: Called when the lease has become this node's.
    func run(gained: @Sendable () -> Void) async {
        var backOff = BackOff(random: random)
        while !Task.isCancelled {
            do throws(StoreError) {
                let isHeld = try await store.hold(lease, by: nodeID, for: duration)
                backOff.reset()
                let wasHeld = held.exchange(isHeld, ordering: .acquiringAndReleasing)
                if isHeld != wasHeld {
                    logger.debug(
                        "A lease moved", metadata: ["lease": "\(lease.rawValue)", "here": "\(isHeld)"])
                    if isHeld { gained() }
                }
                guard (try? await clock.sleep(until: clock.now() + duration / 3)) != nil else { return }
            } catch {
                // Whoever works with the store says that it fails; this only tries again.
                logger.debug("A lease cannot be taken", metadata: ["error": "\(error)"])
                guard await backOff.wait(clock) else { return }
            }
        }
    }

    /// Lets another node take over at once.
    func release() async {
        guard held.exchange(false, ordering: .acquiringAndReleasing) else { return }
        do throws(StoreError) {
            try await store.release(lease, by: nodeID)
        } catch {
            // It ends by itself.
            logger.debug("A lease was not handed over", metadata: ["error": "\(error)"])
        }
    }
}
