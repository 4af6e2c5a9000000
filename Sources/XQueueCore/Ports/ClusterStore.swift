/// The part of a ``Store`` through which nodes find each other and divide the work.
public protocol ClusterStore: Sendable {
    /// The mark of the store's data, drawn now if there is none; nil for a store that cannot lose its data
    /// while a process has it open.
    func birth() async throws(StoreError) -> StoreBirth?

    /// Registers a node or renews its registration, which expires `lifetime` after the last call.
    ///
    /// The record replaces the node's previous one; the store sets its `lastSeenAt`.
    func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError)

    /// Removes a node immediately. An unknown node is not an error.
    func unregister(_ nodeID: String) async throws(StoreError)

    /// The live nodes, by identifier.
    func nodes() async throws(StoreError) -> [NodeRecord]

    /// Acquires or renews a lease that one node of the cluster holds at a time.
    ///
    /// - Returns: True if `nodeID` now holds the lease for `duration`: it was free, expired, or already the
    ///   node's own.
    func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool

    /// Releases a lease. Does nothing if `nodeID` does not hold it.
    func release(_ lease: ClusterLease, by nodeID: String) async throws(StoreError)
}

/// A job that one node at a time does for all, as long as it renews its lease.
public struct ClusterLease: RawRepresentable, Sendable, Hashable {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Moving tasks that time has made due, and removing old ones.
    public static let maintenance = ClusterLease(rawValue: "maintenance")

    /// Draining the event log to a sink.
    public static func sink(_ name: String) -> ClusterLease {
        ClusterLease(rawValue: "sink/\(name)")
    }
}

/// The mark of a store's data: drawn when the first node finds none, and lost together with the data.
///
/// A node that finds another mark than the one it knows is working with other data: the server lost its data,
/// or has been replaced by another.
public struct StoreBirth: Sendable, Hashable {
    /// Random, so that no other data has it.
    public var id: String
    /// When it was drawn, by the store's clock.
    public var bornAt: Timestamp

    public init(id: String, bornAt: Timestamp) {
        self.id = id
        self.bornAt = bornAt
    }
}
