public import XQueueCore

/// A task type as a server tells it.
public struct QueueType: Sendable, Hashable, Decodable {
    /// Its name.
    public let type: String
    /// Whether a live node or worker serves it.
    public let hasHandler: Bool
    /// Whether its tasks are held back.
    public let isPaused: Bool
    /// How many of its tasks run at once, on all nodes together; nil for no limit.
    public let maxConcurrency: Int?
    /// How many tasks it has of each status.
    public let counts: [TaskStatus: Int]

    /// Reads a type.
    ///
    /// - Parameter decoder: What it is read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        type = try object.value("type")
        hasHandler = try object.value("has_handler")
        isPaused = try object.value("paused")
        maxConcurrency = try object.optional("max_concurrency")
        counts = try TaskStatus.counts { try object.value($0.rawValue) }
    }
}

/// A node of the cluster, or a worker that is another program, as a server tells it.
public struct QueueWorker: Sendable, Hashable, Decodable {
    /// Its name.
    public let id: String
    /// Whether it is the node that answered.
    public let isThisNode: Bool
    /// The machine it runs on.
    public let host: String
    /// The number of its process there; nil if a remote worker does not tell.
    public let processID: Int?
    /// The version of its program.
    public let version: String
    /// What it does: `api`, `worker`, `remote`.
    public let roles: [String]
    /// The task types it serves.
    public let types: [String]
    /// How many tasks it runs at once; nil if the token may not know.
    public let capacity: Int?
    /// How many tasks it runs now; nil if the token may not know.
    public let running: Int?
    /// How many attempts do not end though they were asked to; nil if the token may not know.
    public let stuck: Int?
    /// When it started.
    public let startedAt: Timestamp
    /// When it was last heard of.
    public let lastSeenAt: Timestamp

    /// Reads a worker.
    ///
    /// - Parameter decoder: What it is read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        id = try object.value("id")
        isThisNode = try object.optional("this_node") ?? false
        host = try object.value("host")
        processID = try object.optional("pid").flatMap { $0 > 0 ? $0 : nil }
        version = try object.value("version")
        roles = try object.value("roles")
        types = try object.value("types")
        capacity = try object.optional("capacity")
        running = try object.optional("running")
        stuck = try object.optional("stuck")
        startedAt = try object.time("started_at")
        lastSeenAt = try object.time("last_seen_at")
    }
}

/// What `GET /types` answers.
package struct TypeList: Sendable, Decodable {
    package let types: [QueueType]
}

/// What `GET /workers` answers.
package struct WorkerList: Sendable, Decodable {
    package let workers: [QueueWorker]
}

extension TaskStatus {
    /// The number of tasks of each status.
    static func counts(_ count: (TaskStatus) throws -> Int) throws -> [TaskStatus: Int] {
        try Dictionary(uniqueKeysWithValues: allCases.map { ($0, try count($0)) })
    }
}
