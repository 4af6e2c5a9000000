import XQueueCore

/// A program that leases tasks over HTTP, as it describes itself in a request.
package struct RemoteWorker: Sendable, Hashable {
    /// Maximum number of types per worker.
    package static let maxTypes = 100

    /// Unique in the cluster; same syntax as type names. Shown as the `worker_id` of its tasks.
    package var name: String
    /// The types it serves.
    package var types: [String]
    /// How many tasks it can run concurrently, if reported.
    package var capacity: Int?
    /// How many tasks it is running, if reported.
    package var running: Int?
    package var host: String?
    package var processID: Int?
    package var version: String?
    /// The token it calls with; nil for a caller without restrictions.
    package var owner: WorkerOwner?

    package init(name: String, types: [String] = []) {
        self.name = name
        self.types = types
    }

    /// Returns the worker with its types sorted and without duplicates, and its texts for people repaired and
    /// truncated.
    func validated() throws(QueueError) -> RemoteWorker {
        try TaskSubmission.checkName(name, "worker")
        guard 1...Self.maxTypes ~= types.count else {
            throw .invalid("types", "must contain 1 to \(Self.maxTypes) types")
        }
        for (index, type) in types.enumerated() {
            try TaskSubmission.checkName(type, "types[\(index)]")
        }
        try Self.check(capacity, "capacity")
        try Self.check(running, "running")
        try Self.check(processID, "pid")
        var worker = self
        worker.types = Set(types).sorted()
        worker.host = host?.readable(toBytes: ModelLimits.hostBytes)
        worker.version = version?.readable(toBytes: ModelLimits.versionBytes)
        return worker
    }

    private static func check(_ number: Int?, _ field: String) throws(QueueError) {
        guard let number else { return }
        guard 0...Int(Int32.max) ~= number else { throw .invalid(field, "must be 0 to \(Int32.max)") }
    }
}

/// The token that a remote worker calls with.
package struct WorkerOwner: Sendable, Hashable {
    /// The token's name.
    package var name: String
    /// The types it is restricted to; nil for all.
    package var types: Set<String>?
    /// Maximum number of its workers on one node; nil for no limit of its own.
    package var maxWorkers: Int?

    package init(name: String, types: Set<String>? = nil, maxWorkers: Int? = nil) {
        self.name = name
        self.types = types
        self.maxWorkers = maxWorkers
    }

    /// Whether the owner may replace or deregister a worker that serves `types`.
    func canAccess(_ types: [String]) -> Bool {
        self.types?.isSuperset(of: types) ?? true
    }
}
