public import XQueueCore

// One process owns the file, so what is known of nodes lives and dies with it.
extension SQLiteStore {
    public func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError) {
        try nodeBook.register(node, lifetime: lifetime)
    }

    public func unregister(_ nodeID: String) async throws(StoreError) {
        try nodeBook.unregister(nodeID)
    }

    public func nodes() async throws(StoreError) -> [NodeRecord] {
        try nodeBook.live()
    }

    public func holdMaintenance(
        _ nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool {
        try nodeBook.holdMaintenance(nodeID, for: duration)
    }

    public func releaseMaintenance(_ nodeID: String) async throws(StoreError) {
        try nodeBook.releaseMaintenance(nodeID)
    }
}
