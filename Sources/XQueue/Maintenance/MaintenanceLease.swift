import Logging
import Synchronization
import XQueueCore

/// Keeps trying to be the node that does maintenance for the cluster, and knows whether it is.
///
/// What it knows may be out of date by a moment; two nodes at work at once do no harm.
final class MaintenanceLease: Sendable {
    private let store: any TaskStore
    private let nodeID: String
    private let duration: Duration
    private let clock: any QueueClock
    private let random: any RandomSource
    private let logger: Logger
    private let held = Atomic(false)

    init(
        store: any TaskStore, nodeID: String, duration: Duration, clock: any QueueClock,
        random: any RandomSource, logger: Logger
    ) {
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
                let isHeld = try await store.holdMaintenance(nodeID, for: duration)
                backOff.reset()
                let wasHeld = held.exchange(isHeld, ordering: .acquiringAndReleasing)
                if isHeld != wasHeld {
                    logger.debug("Maintenance moved", metadata: ["here": "\(isHeld)"])
                    if isHeld { gained() }
                }
                guard (try? await clock.sleep(until: clock.now() + duration / 3)) != nil else { return }
            } catch {
                // Whoever works with the store says that it fails; this only tries again.
                logger.debug("Maintenance cannot be taken", metadata: ["error": "\(error)"])
                guard await backOff.wait(clock) else { return }
            }
        }
    }

    /// Lets another node take over at once.
    func release() async {
        guard held.exchange(false, ordering: .acquiringAndReleasing) else { return }
        do throws(StoreError) {
            try await store.releaseMaintenance(nodeID)
        } catch {
            // It ends by itself.
            logger.debug("Maintenance was not handed over", metadata: ["error": "\(error)"])
        }
    }
}
