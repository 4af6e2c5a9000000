public import XQueueCore
import XQueueStoreKit

// One process owns the file, so node data lives only as long as the process.
extension SQLiteStore {
    /// The file is watched and locked: nothing can replace it while it is open.
    public func birth() async throws(StoreError) -> StoreBirth? { nil }

    public func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError) {
        try nodeBook.register(node, lifetime: lifetime)
    }

    public func unregister(_ nodeID: String) async throws(StoreError) {
        try nodeBook.unregister(nodeID)
    }

    public func nodes() async throws(StoreError) -> [NodeRecord] {
        try nodeBook.live()
    }

    public func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool {
        try nodeBook.hold(lease, by: nodeID, for: duration)
    }

    public func release(_ lease: ClusterLease, by nodeID: String) async throws(StoreError) {
        try nodeBook.release(lease, by: nodeID)
    }
}
