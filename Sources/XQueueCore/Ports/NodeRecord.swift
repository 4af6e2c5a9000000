/// A process that takes part in the queue, as it registers with the store.
public struct NodeRecord: Sendable, Hashable {
    /// A node's roles.
    public struct Role: OptionSet, Sendable, Hashable {
        public let rawValue: Int

        public init(rawValue: Int) {
            self.rawValue = rawValue
        }

        /// Serves HTTP requests.
        public static let api = Role(rawValue: 1)
        /// Runs handlers.
        public static let worker = Role(rawValue: 2)
        /// Not a node, but a worker that gets its tasks over HTTP; a node registers it.
        public static let remote = Role(rawValue: 4)
    }

    /// Maximum number of types a node registers; it serves further ones too, but other nodes do not know.
    public static let maxTypes = 1000
    /// Maximum size of host and version, in bytes; the rest is cut off.
    public static let maxTextBytes = 255

    /// The program that a node runs.
    public struct Program: Sendable, Hashable {
        public let host: String
        public let processID: Int
        public let version: String
        /// When the process started, by the node's own clock.
        public let startedAt: Timestamp

        /// Describes a program.
        ///
        /// - Parameters:
        ///   - host: The machine's name, cut to ``NodeRecord/maxTextBytes``.
        ///   - processID: The process identifier on that machine.
        ///   - version: The program's version, also cut.
        ///   - startedAt: When the process started.
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
    /// When the node last contacted the store, by the store's clock.
    public var lastSeenAt: Timestamp
    /// The types it serves, sorted, without duplicates.
    public package(set) var types: [String]
    /// How busy it is.
    public let load: WorkerLoad
    public let roles: Role

    /// Describes a node.
    ///
    /// - Parameters:
    ///   - id: The node's name.
    ///   - program: What it runs.
    ///   - lastSeenAt: Set by the store; ignored in a registration.
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

/// Worker load.
public struct WorkerLoad: Sendable, Hashable {
    /// Maximum number of handlers that run at once.
    public var total: Int
    /// Number of running handlers.
    public var active: Int
    /// How many of those did not stop when asked to: their tasks have moved on without them, and they occupy
    /// only their slot.
    public var stuck: Int

    /// Describes worker load.
    ///
    /// - Parameters:
    ///   - total: Maximum number of handlers that run at once.
    ///   - active: Number of running handlers.
    ///   - stuck: How many of those did not stop when asked to.
    public init(total: Int, active: Int, stuck: Int) {
        self.total = total
        self.active = active
        self.stuck = stuck
    }
}
