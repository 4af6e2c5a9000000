public import XQueueCore

extension FaultyStore {
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

    public func holdMaintenance(
        _ nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool {
        try await perform(.holdMaintenance) { () async throws(StoreError) in
            try await inner.holdMaintenance(nodeID, for: duration)
        }
    }

    public func releaseMaintenance(_ nodeID: String) async throws(StoreError) {
        try await perform(.releaseMaintenance) { () async throws(StoreError) in
            try await inner.releaseMaintenance(nodeID)
        }
    }
}
