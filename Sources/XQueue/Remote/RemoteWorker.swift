import XQueueCore

/// A program that takes tasks over HTTP, as it describes itself with a request.
package struct RemoteWorker: Sendable, Hashable {
    /// The most types one worker may serve.
    package static let maxTypes = 100

    /// Made as the names of types are; shown as the `worker_id` of its tasks; unique in the cluster.
    package var name: String
    /// The types it serves.
    package var types: [String]
    /// How many tasks it runs at once, if it says so.
    package var capacity: Int?
    /// How many tasks it runs, if it says so.
    package var running: Int?
    package var host: String?
    package var processID: Int?
    package var version: String?
    /// Who calls for it; nil for somebody without bounds.
    package var owner: WorkerOwner?

    package init(name: String, types: [String] = []) {
        self.name = name
        self.types = types
    }

    /// The same worker, its types in order and without repetition, what it says of itself for people repaired
    /// and cut.
    func validated() throws(QueueError) -> RemoteWorker {
        try TaskSubmission.checkName(name, "worker")
        guard 1...Self.maxTypes ~= types.count else {
            throw .invalid("types", "must hold 1 to \(Self.maxTypes) types")
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

/// On whose behalf a remote worker calls.
package struct WorkerOwner: Sendable, Hashable {
    /// What the token is called.
    package var name: String
    /// The types that exist for it; nil for all.
    package var types: Set<String>?
    /// The most workers of it that a node knows at once; nil for no bound of its own.
    package var maxWorkers: Int?

    package init(name: String, types: Set<String>? = nil, maxWorkers: Int? = nil) {
        self.name = name
        self.types = types
        self.maxWorkers = maxWorkers
    }

    /// Whether a worker that serves `types` is the owner's to replace or to forget.
    func mayTouch(_ types: [String]) -> Bool {
        self.types?.isSuperset(of: types) ?? true
    }
}
