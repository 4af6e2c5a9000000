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

    /// The program that a node runs.
    public struct Program: Sendable, Hashable {
        public let host: String
        public let processID: Int
        public let version: String
        /// By the node's own clock.
        public let startedAt: Timestamp

        /// Describes a program.
        ///
        /// - Parameters:
        ///   - host: The machine's name, cut at ``NodeRecord/maxTextBytes``.
        ///   - processID: The process's number there.
        ///   - version: The program's version, cut likewise.
        ///   - startedAt: Since when the process runs.
        public init(host: String, processID: Int, version: String, startedAt: Timestamp) {
            self.host = host.readable(toBytes: maxTextBytes)
            self.processID = processID
            self.version = version.readable(toBytes: maxTextBytes)
            self.startedAt = startedAt
        }
    }

    /// The node's name in leases and `worker_id`; unique in the cluster.
    public let id: String
    public let program: Program
    /// When the store last heard of the node, by the store's clock.
    public var lastSeenAt: Timestamp
    /// The types it serves, by name, without repetition.
    public package(set) var types: [String]
    /// How busy it is.
    public let load: WorkerLoad
    public let roles: Role

    /// Describes a node.
    ///
    /// - Parameters:
    ///   - id: The node's name.
    ///   - program: What it runs.
    ///   - lastSeenAt: Set by the store; what an announcement says here does not count.
    ///   - types: In any order; the first ``maxTypes`` by name are kept.
    ///   - load: How busy it is.
    ///   - roles: What it may do.
    public init(
        id: String, program: Program, lastSeenAt: Timestamp? = nil, types: [String], load: WorkerLoad,
        roles: Role
    ) {
        self.id = id
        self.program = program
        self.lastSeenAt = lastSeenAt ?? program.startedAt
        self.types = Array(Set(types).sorted().prefix(Self.maxTypes))
        self.load = load
        self.roles = roles
    }
}

/// How busy workers are.
public struct WorkerLoad: Sendable, Hashable {
    /// How many handlers may run at once.
    public var total: Int
    /// How many run now.
    public var active: Int
    /// How many of those did not stop when they were told to: their tasks have gone on without them, and
    /// they keep nothing but their slot.
    public var stuck: Int

    /// Says how busy workers are.
    ///
    /// - Parameters:
    ///   - total: How many handlers may run at once.
    ///   - active: How many run now.
    ///   - stuck: How many of those did not stop when they were told to.
    public init(total: Int, active: Int, stuck: Int) {
        self.total = total
        self.active = active
        self.stuck = stuck
    }
}
