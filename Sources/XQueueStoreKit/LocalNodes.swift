import Synchronization
public import XQueueCore

/// The nodes and cluster leases of a store used only by this process, kept in memory.
public final class LocalNodes: Sendable {
    /// Maximum number of nodes; reached only by a program that creates managers without end.
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

    /// - Parameter clock: The clock for lifetimes and leases.
    public init(clock: any QueueClock) {
        self.clock = clock
    }

    /// Implements `ClusterStore.register`.
    ///
    /// - Throws: `StoreError`: `closed`, or `unavailable` if there are 10,000 nodes already.
    public func register(_ node: NodeRecord, lifetime: Duration) throws(StoreError) {
        let seenAt = clock.now()
        try change { (state, now) throws(StoreError) in
            state.entries = state.entries.filter { $0.value.expiresAt > now }
            guard state.entries[node.id] != nil || state.entries.count < Self.maxNodes else {
                throw StoreError(.unavailable, "there are already \(Self.maxNodes) nodes")
            }
            var node = node
            node.lastSeenAt = seenAt
            state.entries[node.id] = Entry(node: node, expiresAt: now + lifetime)
        }
    }

    /// Implements `ClusterStore.unregister`.
    public func unregister(_ nodeID: String) throws(StoreError) {
        try change { (state, _) throws(StoreError) in state.entries[nodeID] = nil }
    }

    /// Implements `ClusterStore.nodes`.
    public func live() throws(StoreError) -> [NodeRecord] {
        try change { (state, now) throws(StoreError) in
            state.entries.values.filter { $0.expiresAt > now }.map(\.node).sorted { $0.id < $1.id }
        }
    }

    /// Implements `ClusterStore.hold`.
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

    /// Implements `ClusterStore.release`.
    public func release(_ lease: ClusterLease, by nodeID: String) throws(StoreError) {
        try change { (state, _) throws(StoreError) in
            if state.leases[lease]?.node == nodeID { state.leases[lease] = nil }
        }
    }

    /// Whether a node holds a lease now, as required to acknowledge a sink's events.
    public func has(_ lease: ClusterLease, _ nodeID: String) throws(StoreError) -> Bool {
        try change { (state, now) throws(StoreError) in
            guard let current = state.leases[lease] else { return false }
            return current.node == nodeID && current.until > now
        }
    }

    /// Makes all further calls throw `closed`.
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
