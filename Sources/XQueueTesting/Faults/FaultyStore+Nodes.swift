public import XQueueCore

extension FaultyStore {
    public func birth() async throws(StoreError) -> StoreBirth? {
        try await perform(.birth) { () async throws(StoreError) in try await inner.birth() }
    }

    public func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError) {
        try await perform(.register) { () async throws(StoreError) in
            try await inner.register(node, lifetime: lifetime)
        }
    }

    public func unregister(_ nodeID: String) async throws(StoreError) {
        try await perform(.unregister) { () async throws(StoreError) in
            try await inner.unregister(nodeID)
        }
    }

    public func nodes() async throws(StoreError) -> [NodeRecord] {
        try await perform(.nodes) { () async throws(StoreError) in try await inner.nodes() }
    }

    public func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool {
        try await perform(.hold) { () async throws(StoreError) in
            try await inner.hold(lease, by: nodeID, for: duration)
        }
    }

    public func release(_ lease: ClusterLease, by nodeID: String) async throws(StoreError) {
        try await perform(.release) { () async throws(StoreError) in
            try await inner.release(lease, by: nodeID)
        }
    }
}
