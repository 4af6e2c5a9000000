import Logging
import Synchronization
import XQueueCore

/// What an operator has set for a type.
struct TypeSetting: Sendable, Hashable {
    /// The most tasks that may run at once; nil for no limit.
    var limit: Int?
    var isPaused = false
}

extension BirthWatch {
    /// Keeps in mind what is set in the store, to set it again should the store lose it. For a store that cannot lose
    /// its data while it is open there is nothing to do.
    func remember() async throws(StoreError) {
        guard let known = state.withLock({ $0.known }) else { return }
        let types = try await store.types()
        // They may be another store's by now, in which nothing is set yet.
        guard try await store.birth()?.id == known.id else { return }
        state.withLock { state in
            guard state.known?.id == known.id else { return }
            state.settings = Dictionary(
                types.map { ($0.type, TypeSetting(limit: $0.limit, isPaused: $0.isPaused)) },
                uniquingKeysWith: { first, _ in first })
        }
    }

    /// Keeps in mind what was set by way of this node.
    ///
    /// - Parameter change: Makes the change; nil stands for a type that is not known.
    func note(_ type: String, _ change: (inout TypeSetting?) -> Void) {
        state.withLock { state in
            guard state.known != nil else { return }
            change(&state.settings[type])
        }
    }

    /// Sets again what was set in a store that is gone, where the one in its place has nothing set: another node may
    /// have done the same, and an operator more.
    func restore(_ settings: [String: TypeSetting]) async throws(StoreError) {
        let wanted = settings.filter { $0.value.limit != nil || $0.value.isPaused }
        guard !wanted.isEmpty else { return }
        let present = Dictionary(
            try await store.types().map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first })
        for (type, setting) in wanted.sorted(by: { $0.key < $1.key }) {
            let state = present[type] ?? TypeState(type: type)
            let limit = state.limit == nil ? setting.limit : nil
            let isPaused = setting.isPaused && !state.isPaused
            guard limit != nil || isPaused else { continue }
            if let limit { try await store.setLimit(limit, ofType: type) }
            if isPaused { try await store.setPaused(true, type: type) }
            logger.warning(
                "What was set for a type in the lost store is set again",
                metadata: [
                    "task.type": "\(type)", "limit": "\(limit.map(String.init) ?? "none")",
                    "paused": "\(isPaused)",
                ])
        }
    }
}
