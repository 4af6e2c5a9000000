import Synchronization
import XQueueCore

/// What this process knows of the live nodes: asked for when it is needed, and kept for a moment.
final class ClusterView: Sendable {
    /// How old an answer about nodes may be.
    static let freshness = Duration.seconds(1)

    private struct Snapshot {
        var nodes: [NodeRecord]
        var served: Set<String>
        var takenAt: MonotonicInstant
    }

    private struct State {
        var snapshot: Snapshot?
        var isAsking = false
    }

    private let store: any TaskStore
    private let clock: any QueueClock
    private let state = Mutex(State())

    init(store: any TaskStore, clock: any QueueClock) {
        self.store = store
        self.clock = clock
    }

    /// The live nodes, by identifier, as they were within the last ``freshness``.
    func nodes() async throws(StoreError) -> [NodeRecord] {
        try await snapshot(maxAge: Self.freshness).nodes
    }

    /// The types that a live node serves, as it was within the last ``freshness``.
    func servedTypes() async throws(StoreError) -> Set<String> {
        try await snapshot(maxAge: Self.freshness).served
    }

    /// Whether a live node serves `type`. A yes may be as old as `maxAge`; a no is fresh.
    func serves(_ type: String, maxAge: Duration) async throws(StoreError) -> Bool {
        if try await snapshot(maxAge: maxAge).served.contains(type) { return true }
        return try await snapshot(maxAge: Self.freshness).served.contains(type)
    }

    /// Makes the next question ask the store.
    func forget() {
        state.withLock { $0.snapshot = nil }
    }

    private func snapshot(maxAge: Duration) async throws(StoreError) -> Snapshot {
        let now = clock.instant()
        let known = state.withLock { state -> Snapshot? in
            guard let snapshot = state.snapshot else { return nil }
            // While one caller asks the store, the others make do with what is known.
            if state.isAsking || now - snapshot.takenAt < maxAge { return snapshot }
            state.isAsking = true
            return nil
        }
        if let known { return known }
        defer { state.withLock { $0.isAsking = false } }
        let nodes = try await store.nodes()
        let workers = nodes.filter { $0.roles.contains(.worker) }
        let snapshot = Snapshot(nodes: nodes, served: Set(workers.flatMap(\.types)), takenAt: now)
        state.withLock { $0.snapshot = snapshot }
        return snapshot
    }
}
