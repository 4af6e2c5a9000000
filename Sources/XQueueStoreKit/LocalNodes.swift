import Synchronization
public import XQueueCore

/// The nodes and the cluster's leases of a store that only this process uses: kept in memory.
public final class LocalNodes: Sendable {
    /// The most nodes kept; only a program that makes managers without end could reach it.
    private static let maxNodes = 10_000

    private struct Entry {
        var node: NodeRecord
        var expiresAt: MonotonicInstant
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var leases: [ClusterLease: (node: String, until: MonotonicInstant)] = [:]
        var isClosed = false
    }

    private let clock: any QueueClock
    private let state = Mutex(State())

    /// - Parameter clock: What lifetimes and leases are counted by.
    public init(clock: any QueueClock) {
        self.clock = clock
    }

    /// What `ClusterStore.register` does.
    ///
    /// - Throws: `StoreError`: `closed`, or `unavailable` if there are 10,000 nodes already.
    public func register(_ node: NodeRecord, lifetime: Duration) throws(StoreError) {
        let seenAt = clock.now()
        try change { (state, now) throws(StoreError) in
            state.entries = state.entries.filter { $0.value.expiresAt > now }
            guard state.entries[node.id] != nil || state.entries.count < Self.maxNodes else {
                throw StoreError(.unavailable, "there are \(Self.maxNodes) nodes already")
            }
            var node = node
            node.lastSeenAt = seenAt
            state.entries[node.id] = Entry(node: node, expiresAt: now + lifetime)
        }
    }

    /// What `ClusterStore.unregister` does.
    public func unregister(_ nodeID: String) throws(StoreError) {
        try change { (state, _) throws(StoreError) in state.entries[nodeID] = nil }
    }

    /// What `ClusterStore.nodes` answers.
    public func live() throws(StoreError) -> [NodeRecord] {
        try change { (state, now) throws(StoreError) in
            state.entries.values.filter { $0.expiresAt > now }.map(\.node).sorted { $0.id < $1.id }
        }
    }

    /// What `ClusterStore.hold` does.
    public func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) throws(StoreError) -> Bool {
        try change { (state, now) throws(StoreError) in
            if let current = state.leases[lease], current.node != nodeID, current.until > now {
                return false
            }
            state.leases[lease] = (nodeID, now + duration)
            return true
        }
    }

    /// What `ClusterStore.release` does.
    public func release(_ lease: ClusterLease, by nodeID: String) throws(StoreError) {
        try change { (state, _) throws(StoreError) in
            if state.leases[lease]?.node == nodeID { state.leases[lease] = nil }
        }
    }

    /// Whether a node has a lease now, which acknowledging a sink's events takes.
    public func has(_ lease: ClusterLease, _ nodeID: String) throws(StoreError) -> Bool {
        try change { (state, now) throws(StoreError) in
            guard let current = state.leases[lease] else { return false }
            return current.node == nodeID && current.until > now
        }
    }

    /// Refuses everything further as `closed`.
    public func close() {
        state.withLock { $0.isClosed = true }
    }

    private func change<Value: Sendable>(
        _ body: (inout State, MonotonicInstant) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let now = clock.instant()
        return try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw StoreError(.closed, "the store has been closed") }
            return try body(&state, now)
        }
    }
}
