import Logging
import Synchronization
package import XQueueCore

/// Notices when the store no longer holds the data this node knows, and restores handlers' limits and operators'
/// settings before anything is claimed from the new data.
final class BirthWatch: Sendable {
    struct State {
        var hasChecked = false
        var known: StoreBirth?
        var loss: StoreLoss?
        /// The settings of each type, as last seen in the data this node knows.
        var settings: [String: TypeSetting] = [:]
    }

    let store: any Store
    /// The limits set by this node's handlers.
    private let limits: @Sendable () -> [(type: String, limit: Int)]
    let context: EngineContext
    let state = Mutex(State())

    init(
        store: any Store, context: EngineContext,
        limits: @escaping @Sendable () -> [(type: String, limit: Int)]
    ) {
        self.store = store
        self.limits = limits
        self.context = context
    }

    /// The store's last loss of data that this process has noticed.
    var loss: StoreLoss? { state.withLock { $0.loss } }

    /// Checks whose data the store holds. The first check, and each that finds other data than before, sets the
    /// handlers' limits, and restores what operators had set.
    func check() async throws(StoreError) {
        let birth = try await store.birth()
        guard state.withLock({ !$0.hasChecked || $0.known?.id != birth?.id }) else { return }
        // Limits first: tasks can be claimed as soon as the new birth is known. A setting seen in the store is
        // newer than the handler's limit.
        let seen = state.withLock { $0.known != nil && birth != nil ? $0.settings : [:] }
        for (type, limit) in limits() where seen[type] == nil {
            try await store.setLimit(limit, ofType: type)
        }
        try await restore(seen)
        let now = context.clock.now()
        let loss = state.withLock { state -> StoreLoss? in
            defer {
                state.hasChecked = true
                state.known = birth
            }
            guard let known = state.known, let birth, known.id != birth.id else { return nil }
            let loss = StoreLoss(noticedAt: now, known: known, found: birth)
            state.loss = loss
            return loss
        }
        guard let loss else { return }
        context.logger.error(
            """
            The store lost its data, or was replaced. Its tasks are gone; restoring the limits and pauses that this \
            node has seen
            """,
            metadata: [
                "known.since": "\(loss.known.bornAt.rfc3339)", "found.since": "\(loss.found.bornAt.rfc3339)",
            ])
    }

    /// Claims from the data that this node knows. If the store holds other data, sets the limits there first.
    func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult {
        if !state.withLock({ $0.hasChecked }) { try await check() }
        do throws(StoreError) {
            return try await store.claim(bound(request))
        } catch {
            guard error.code == .replaced else { throw error }
        }
        try await check()
        // If the data is lost once more meanwhile, this fails and the caller retries.
        return try await store.claim(bound(request))
    }

    private func bound(_ request: ClaimRequest) -> ClaimRequest {
        var request = request
        request.birth = state.withLock { $0.known?.id }
        return request
    }
}

/// A store's loss of the data that a node knew.
package struct StoreLoss: Sendable, Hashable {
    /// When it was noticed, by this node's clock.
    package let noticedAt: Timestamp
    package let known: StoreBirth
    package let found: StoreBirth
}

/// An operator's settings for a type.
struct TypeSetting: Sendable, Hashable {
    /// Maximum number of concurrent tasks; nil for no limit.
    var limit: Int?
    var isPaused = false
}

extension BirthWatch {
    /// Remembers the settings in the store, to restore them if it loses its data. Does nothing for a store that cannot
    /// lose its data while open.
    func remember() async throws(StoreError) {
        guard let known = state.withLock({ $0.known }) else { return }
        let types = try await store.types()
        // They may belong to new data by now, in which nothing is set yet.
        guard try await store.birth()?.id == known.id else { return }
        state.withLock { state in
            guard state.known?.id == known.id else { return }
            state.settings = Dictionary(
                types.map { ($0.type, TypeSetting(limit: $0.limit, isPaused: $0.isPaused)) },
                uniquingKeysWith: { first, _ in first })
        }
    }

    /// Remembers a setting made through this node.
    ///
    /// - Parameter change: Makes the change; nil stands for an unknown type.
    func note(_ type: String, _ change: (inout TypeSetting?) -> Void) {
        state.withLock { state in
            guard state.known != nil else { return }
            change(&state.settings[type])
        }
    }

    /// Restores the settings of lost data, except where something is set already: another node may have restored them,
    /// and an operator may have changed them.
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
            context.logger.warning(
                "Restored a type's settings after the store lost its data",
                metadata: [
                    "task.type": "\(type)", "limit": "\(limit.map(String.init) ?? "none")",
                    "paused": "\(isPaused)",
                ])
        }
    }
}
