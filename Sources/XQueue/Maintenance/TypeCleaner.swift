import Logging
import XQueueCore

/// Removes types that nothing uses any more: no task, limit, pause or live handler.
///
/// The number of types is limited and any submission can add one, so unused ones must be freed.
struct TypeCleaner: Sendable {
    let store: any Store
    let cluster: ClusterView
    /// The types this process serves.
    let ownTypes: @Sendable () -> [String]
    /// Maximum number of types per step.
    let batch: Int
    let context: EngineContext

    /// Returns how many types were removed.
    @discardableResult
    func clean() async throws(StoreError) -> Int {
        let served = try await cluster.servedTypes().union(ownTypes())
        var idle = try await store.types()
            .filter { $0.isUnused && !served.contains($0.type) }.map(\.type)[...]
        var removed = 0
        while !idle.isEmpty, !Task.isCancelled {
            // Atomic in the store: a type that has received a task meanwhile stays.
            let removals = try await store.removeTypes(Array(idle.prefix(batch)), evenIfSet: false)
            removed += removals.count { $0 == .removed }
            idle = idle.dropFirst(batch)
        }
        if removed > 0 {
            context.logger.debug("Removed unused types", metadata: ["count": "\(removed)"])
        }
        return removed
    }
}

extension TypeState {
    fileprivate var isUnused: Bool { limit == nil && !isPaused && counts.total == 0 }
}
