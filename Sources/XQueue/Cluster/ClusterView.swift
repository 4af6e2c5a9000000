import Synchronization
import XQueueCore

/// A short-lived cache of the live nodes, fetched on demand.
final class ClusterView: Sendable {
    /// Maximum age of the cached nodes.
    static let freshness = Duration.seconds(1)

    private struct Snapshot {
        var nodes: [NodeRecord]
        var served: Set<String>
        var takenAt: MonotonicInstant
    }

    private struct State {
        var snapshot: Snapshot?
        /// The fetch under way; nil once it has ended or been invalidated.
        var asked: Asked?
    }

    private typealias Asked = AsyncPromise<Result<Snapshot, StoreError>>

    private let store: any Store
    private let clock: any QueueClock
    private let state = Mutex(State())

    init(store: any Store, clock: any QueueClock) {
        self.store = store
        self.clock = clock
    }

    /// The live nodes, by identifier, at most ``freshness`` old.
    func nodes() async throws(StoreError) -> [NodeRecord] {
        try await snapshot(maxAge: Self.freshness).nodes
    }

    /// The types that live nodes serve, at most ``freshness`` old.
    func servedTypes() async throws(StoreError) -> Set<String> {
        try await snapshot(maxAge: Self.freshness).served
    }

    /// Whether a live node serves `type`. A yes may be up to `maxAge` old; a no is fresh.
    func serves(_ type: String, maxAge: Duration) async throws(StoreError) -> Bool {
        if try await snapshot(maxAge: maxAge).served.contains(type) { return true }
        return try await snapshot(maxAge: Self.freshness).served.contains(type)
    }

    /// Invalidates the cache, so that the next query asks the store.
    func invalidate() {
        state.withLock { ($0.snapshot, $0.asked) = (nil, nil) }
    }

    private func snapshot(maxAge: Duration) async throws(StoreError) -> Snapshot {
        let now = clock.instant()
        let step = state.withLock { state -> Step in
            if let snapshot = state.snapshot, state.asked != nil || now - snapshot.takenAt < maxAge {
                // While one caller asks the store, the others use what is known.
                return .know(snapshot)
            }
            if let asked = state.asked { return .wait(asked) }
            let asked = Asked()
            state.asked = asked
            return .ask(asked)
        }
        switch step {
        case .know(let snapshot): return snapshot
        case .wait(let asked): return try await asked.value.get()
        case .ask(let asked):
            await ask(asked, at: now)
            return try await asked.value.get()
        }
    }

    private enum Step {
        case know(Snapshot)
        case wait(Asked)
        case ask(Asked)
    }

    private func ask(_ asked: Asked, at now: MonotonicInstant) async {
        let answer: Result<Snapshot, StoreError>
        do throws(StoreError) {
            let nodes = try await store.nodes()
            let workers = nodes.filter { $0.roles.contains(.worker) }
            answer = .success(Snapshot(nodes: nodes, served: Set(workers.flatMap(\.types)), takenAt: now))
        } catch {
            answer = .failure(error)
        }
        state.withLock { state in
            // Invalidated meanwhile: this answer may be out of date.
            guard state.asked === asked else { return }
            state.asked = nil
            if case .success(let snapshot) = answer { state.snapshot = snapshot }
        }
        asked.fulfill(answer)
    }
}
