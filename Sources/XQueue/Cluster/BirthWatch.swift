import Logging
import Synchronization
package import XQueueCore

/// Notices that the store no longer holds the data this node knows, and sets the limits of its handlers, and what
/// operators had set, again before anything is claimed from what is there now.
final class BirthWatch: Sendable {
    struct State {
        var hasLooked = false
        var known: StoreBirth?
        var loss: StoreLoss?
        /// What is set for each type, as this node has seen it last in the data it knows.
        var settings: [String: TypeSetting] = [:]
    }

    let store: any Store
    /// The limits that this node's handlers bring along.
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

    /// When the store lost its data last, as far as this process has seen.
    var loss: StoreLoss? { state.withLock { $0.loss } }

    /// Looks whose data the store holds. The first look, and each that finds other data than the one before, sets
    /// the limits, and what operators had set in the other.
    func look() async throws(StoreError) {
        let birth = try await store.birth()
        guard state.withLock({ !$0.hasLooked || $0.known?.id != birth?.id }) else { return }
        // First the limits: only a known mark lets tasks be claimed. What was set for a type after its handler came
        // is newer than the handler's limit.
        let seen = state.withLock { $0.known != nil && birth != nil ? $0.settings : [:] }
        for (type, limit) in limits() where seen[type] == nil {
            try await store.setLimit(limit, ofType: type)
        }
        try await restore(seen)
        let now = context.clock.now()
        let loss = state.withLock { state -> StoreLoss? in
            defer {
                state.hasLooked = true
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
            The store has lost its data, or another one has taken its place. Its tasks are gone; limits and pauses \
            that this node has seen are set again
            """,
            metadata: [
                "known.since": "\(loss.known.bornAt.rfc3339)", "found.since": "\(loss.found.bornAt.rfc3339)",
            ])
    }

    /// Claims from the data that this node knows. If the store holds other data, the limits are set there first.
    func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult {
        if !state.withLock({ $0.hasLooked }) { try await look() }
        do throws(StoreError) {
            return try await store.claim(bound(request))
        } catch {
            guard error.code == .replaced else { throw error }
        }
        try await look()
        // Lost once more meanwhile, it fails, and the caller tries again.
        return try await store.claim(bound(request))
    }

    private func bound(_ request: ClaimRequest) -> ClaimRequest {
        var request = request
        request.birth = state.withLock { $0.known?.id }
        return request
    }
}

/// The store holds other data than this node knew.
package struct StoreLoss: Sendable, Hashable {
    /// By this node's clock.
    package let noticedAt: Timestamp
    package let known: StoreBirth
    package let found: StoreBirth
}

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
            context.logger.warning(
                "What was set for a type in the lost store is set again",
                metadata: [
                    "task.type": "\(type)", "limit": "\(limit.map(String.init) ?? "none")",
                    "paused": "\(isPaused)",
                ])
        }
    }
}
