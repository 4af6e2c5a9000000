public import XQueueCore

/// A task type as returned by a server.
public struct QueueType: Sendable, Hashable, Decodable {
    /// Name of the type.
    public let type: String
    /// Whether a live node or worker serves it.
    public let hasHandler: Bool
    /// Whether the type is paused.
    public let isPaused: Bool
    /// Maximum number of its tasks running simultaneously across all nodes; nil = no limit.
    public let maxConcurrency: Int?
    /// Number of tasks of the type, by status.
    public let counts: [TaskStatus: Int]

    /// Decodes a type.
    ///
    /// - Parameter decoder: The decoder to read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        type = try object.value("type")
        hasHandler = try object.value("has_handler")
        isPaused = try object.value("paused")
        maxConcurrency = try object.optional("max_concurrency")
        counts = try TaskStatus.counts { try object.value($0.rawValue) }
    }
}

/// A node of the cluster or an external worker, as returned by a server.
public struct QueueWorker: Sendable, Hashable, Decodable {
    /// Name of the node or worker.
    public let id: String
    /// Whether this is the node that replied.
    public let isThisNode: Bool
    /// Host name of its machine.
    public let host: String
    /// Process ID; nil if a remote worker does not report it.
    public let processID: Int?
    /// Version of its program.
    public let version: String
    /// Its roles: `api`, `worker`, `remote`.
    public let roles: [String]
    /// The task types it serves.
    public let types: [String]
    /// Maximum number of tasks it runs simultaneously; nil if hidden from the token.
    public let capacity: Int?
    /// Number of tasks it is running; nil if hidden from the token.
    public let running: Int?
    /// Number of attempts that ignore a request to stop; nil if hidden from the token.
    public let stuck: Int?
    /// When it started.
    public let startedAt: Timestamp
    /// When it last sent a sign of life.
    public let lastSeenAt: Timestamp

    /// Decodes a worker.
    ///
    /// - Parameter decoder: The decoder to read from.
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

/// The reply to `GET /types`.
package struct TypeList: Sendable, Decodable {
    package let types: [QueueType]
}

/// The reply to `GET /workers`.
package struct WorkerList: Sendable, Decodable {
    package let workers: [QueueWorker]
}

extension TaskStatus {
    /// Returns the number of tasks of each status.
    static func counts(_ count: (TaskStatus) throws -> Int) throws -> [TaskStatus: Int] {
        try Dictionary(uniqueKeysWithValues: allCases.map { ($0, try count($0)) })
    }
}
