import Logging
import XQueueCore

/// Gives back the names of types that nothing holds any more: no task, limit, pause or live handler.
///
/// Names are a bounded good that any submission takes, so those that are not needed must become free.
struct TypeCleaner: Sendable {
    let store: any Store
    let cluster: ClusterView
    /// The types this process serves.
    let ownTypes: @Sendable () -> [String]
    /// The most types in one step.
    let batch: Int
    let context: EngineContext

    /// Answers how many types were forgotten.
    @discardableResult
    func clean() async throws(StoreError) -> Int {
        let served = try await cluster.servedTypes().union(ownTypes())
        var idle = try await store.types()
            .filter { $0.isUnused && !served.contains($0.type) }.map(\.type)[...]
        var removed = 0
        while !idle.isEmpty, !Task.isCancelled {
            // Atomic in the store: a type that has got a task meanwhile stays.
            let removals = try await store.removeTypes(Array(idle.prefix(batch)), evenIfSet: false)
            removed += removals.count { $0 == .removed }
            idle = idle.dropFirst(batch)
        }
        if removed > 0 {
            context.logger.debug("Unused types were forgotten", metadata: ["count": "\(removed)"])
        }
        return removed
    }
}

extension TypeState {
    fileprivate var isUnused: Bool { limit == nil && !isPaused && counts.total == 0 }
}
