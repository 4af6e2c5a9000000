/// One process that takes part in the queue, as it announces itself to the store.
public struct NodeRecord: Sendable, Hashable {
    /// What a node may do.
    public struct Role: OptionSet, Sendable, Hashable {
        public let rawValue: Int

        public init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// It answers HTTP requests.
        public static let api = Role(rawValue: 1)
        /// It runs handlers.
        public static let worker = Role(rawValue: 2)
        /// It is no node, but a worker that takes its tasks over HTTP; a node announces it.
        public static let remote = Role(rawValue: 4)
    }

    /// The most types a node announces; it serves those beyond, too, but the others don't know.
    public static let maxTypes = 1000
    /// The longest host and version, in bytes; longer ones are cut.
    public static let maxTextBytes = 255

    /// The node's name in leases and `worker_id`; unique in the cluster.
    public let id: String
    public let host: String
    public let processID: Int
    /// The version of the program.
    public let version: String
    /// By the node's own clock.
    public let startedAt: Timestamp
    /// When the store last heard of the node, by the store's clock.
    public var lastSeenAt: Timestamp
    /// The types it serves, by name, without repetition.
    public package(set) var types: [String]
    /// How many handlers may run at once.
    public let capacity: Int
    /// How many run.
    public let running: Int
    /// How many of those did not stop when they were told to.
    public let stuck: Int
    public let roles: Role

    /// - Parameters:
    ///   - types: In any order; the first ``maxTypes`` by name are kept.
    ///   - lastSeenAt: Set by the store; what an announcement says here does not count.
    public init(
        id: String, host: String, processID: Int, version: String, startedAt: Timestamp,
        lastSeenAt: Timestamp? = nil, types: [String], capacity: Int, running: Int, stuck: Int,
        roles: Role
    ) {
        self.id = id
        self.host = Self.cut(host)
        self.processID = processID
        self.version = Self.cut(version)
        self.startedAt = startedAt
        self.lastSeenAt = lastSeenAt ?? startedAt
        self.types = Array(Set(types).sorted().prefix(Self.maxTypes))
        self.capacity = capacity
        self.running = running
        self.stuck = stuck
        self.roles = roles
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maxTextBytes else { return text }
        var cut = text
        while cut.utf8.count > maxTextBytes { cut.removeLast() }
        return cut
    }
}
