/// The part of a ``Store`` through which nodes find each other and agree on who does what.
public protocol ClusterStore: Sendable {
    /// The mark of the store's data, drawn now if there is none; nil for a store whose data cannot be lost under
    /// a process that has it open.
    func birth() async throws(StoreError) -> StoreBirth?

    /// Announces a node, or renews it: the store forgets it `lifetime` after its last announcement.
    ///
    /// The record replaces the node's earlier one; its `lastSeenAt` is the store's own.
    func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError)

    /// Forgets a node at once. A node the store does not know is no error.
    func unregister(_ nodeID: String) async throws(StoreError)

    /// The live nodes, by identifier.
    func nodes() async throws(StoreError) -> [NodeRecord]

    /// Takes, or renews, a lease that one node of the cluster has at a time.
    ///
    /// - Returns: True if `nodeID` has the lease for `duration` from now: it was free or expired, or the
    ///   node's own.
    func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool

    /// Gives a lease back. If `nodeID` does not have it, nothing happens.
    func release(_ lease: ClusterLease, by nodeID: String) async throws(StoreError)
}

/// What one node at a time does for all, as long as it renews its lease.
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

/// The mark of what a store holds: drawn when the first node finds none, and gone with the data.
///
/// A node that finds another mark than the one it knows works with other data than before: the server lost what it
/// held, or another one stands in its place.
public struct StoreBirth: Sendable, Hashable {
    /// Drawn at random, so that no other data has it.
    public var id: String
    /// When it was drawn, by the store's clock.
    public var bornAt: Timestamp

    public init(id: String, bornAt: Timestamp) {
        self.id = id
        self.bornAt = bornAt
    }
}
