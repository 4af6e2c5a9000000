import Logging
import XQueueCore

/// Sweeps due tasks and prunes old ones, while this node holds the cluster's maintenance lease.
struct Maintenance: Sendable {
    let store: any Store
    let lease: LeaseHolder
    let types: TypeCleaner
    let configuration: QueueConfiguration
    let context: EngineContext
    /// Confirms this node's own attempts if overdue; returns until when none of their leases expires.
    let confirm: @Sendable () async throws(StoreError) -> MonotonicInstant

    /// Runs until the Swift task is canceled.
    func run() async {
        let sweeper = Sweeper(
            store: store, lease: lease, configuration: configuration, context: context, confirm: confirm)
        await withDiscardingTaskGroup { group in
            group.addTask { await lease.run(gained: sweeper.wake) }
            group.addTask { await sweeper.run() }
            group.addTask { await prune() }
        }
    }

    /// Prunes old ended tasks in small steps, which leave room for other callers' commits.
    private func prune() async {
        let retention = Retention(age: configuration.retentionAge, count: configuration.retentionCount)
        while (try? await context.clock.sleep(for: configuration.cleanupInterval)) != nil {
            guard lease.isHeld else { continue }
            do throws(StoreError) {
                var removed = 0
                var step = 0
                repeat {
                    step = try await store.prune(retention, limit: configuration.maintenanceBatch)
                    removed += step
                } while step > 0 && !Task.isCancelled && lease.isHeld
                if removed > 0 {
                    context.logger.debug("Pruned old tasks", metadata: ["count": "\(removed)"])
                }
                try await types.clean()
            } catch {
                context.logger.error("Could not prune old tasks", metadata: ["error": "\(error)"])
            }
        }
    }
}
