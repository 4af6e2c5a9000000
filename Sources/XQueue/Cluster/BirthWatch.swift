import Logging
import Synchronization
package import XQueueCore

/// Notices that the store no longer holds the data this node knows, and sets the limits of its handlers again
/// before anything is claimed from what is there now.
final class BirthWatch: Sendable {
    private struct State {
        var hasLooked = false
        var known: StoreBirth?
        var loss: StoreLoss?
    }

    private let store: any TaskStore
    /// The limits that this node's handlers bring along.
    private let limits: @Sendable () -> [(type: String, limit: Int)]
    private let clock: any QueueClock
    private let logger: Logger
    private let state = Mutex(State())

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
    /// the limits.
    func look() async throws(StoreError) {
        let birth = try await store.birth()
        guard state.withLock({ !$0.hasLooked || $0.known?.id != birth?.id }) else { return }
        // First the limits: only a known mark lets tasks be claimed.
        for (type, limit) in limits() { try await store.setLimit(limit, ofType: type) }
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
            The store has lost its data, or another one has taken its place. The limits of this node's handlers are \
            set again; tasks, pauses, and limits that operators set are gone
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
