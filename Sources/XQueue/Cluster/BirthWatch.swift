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

    let store: any TaskStore
    /// The limits that this node's handlers bring along.
    private let limits: @Sendable () -> [(type: String, limit: Int)]
    private let clock: any QueueClock
    let logger: Logger
    let state = Mutex(State())

    init(
        store: any TaskStore, limits: @escaping @Sendable () -> [(type: String, limit: Int)],
        clock: any QueueClock, logger: Logger
    ) {
        self.store = store
        self.limits = limits
        self.clock = clock
        self.logger = logger
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
        let now = clock.now()
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
        logger.error(
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
