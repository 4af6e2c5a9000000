#if Redis

public import XQueueCore
import XQueueStoreKit

extension RedisStore {
    public func birth() async throws(StoreError) -> StoreBirth? {
        try await within { () async throws(StoreError) in
            let mark = String(random.next(), radix: 36)
            let elements = try await caller.run(.birth) { $0.append(mark) }.elements
            guard elements.count == 2, let id = try elements[0].optionalBytes else {
                throw StoreError(.corrupt, "\(runner.tag):meta has no field birth")
            }
            return StoreBirth(
                id: String(decoding: id, as: UTF8.self),
                bornAt: Timestamp(milliseconds: try elements[1].integer))
        }
    }

    public func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError) {
        try await within { () async throws(StoreError) in
            _ = try await caller.run(.node) { command in
                command.append(node.id)
                command.append(lifetime.wholeMilliseconds)
                command.append(node.announcement)
            }
        }
    }

    public func unregister(_ nodeID: String) async throws(StoreError) {
        try await within { () async throws(StoreError) in
            _ = try await caller.run(.node) { command in
                command.append(nodeID)
                command.append("")
                command.append("")
            }
        }
    }

    public func nodes() async throws(StoreError) -> [NodeRecord] {
        try await within { () async throws(StoreError) in
            var nodes: [NodeRecord] = []
            for (seen, announcement) in try await caller.run(.nodes).elements.pairs {
                guard var node = NodeRecord(announcement: try announcement.text) else { continue }
                node.lastSeenAt = try seen.time
                nodes.append(node)
            }
            return nodes.sorted { $0.id < $1.id }
        }
    }

    public func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool {
        try await within { () async throws(StoreError) in
            try await caller.run(.lease) { command in
                command.append(lease.rawValue)
                command.append(nodeID)
                command.append(duration.wholeMilliseconds)
            }.integer == 1
        }
    }

    public func release(_ lease: ClusterLease, by nodeID: String) async throws(StoreError) {
        try await within { () async throws(StoreError) in
            _ = try await caller.run(.lease) { command in
                command.append(lease.rawValue)
                command.append(nodeID)
                command.append("")
            }
        }
    }
}

extension NodeRecord {
    /// The node's announcement, as JSON.
    fileprivate var announcement: String {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("id", id)
            writer.member("host", program.host)
            writer.member("pid", program.processID)
            writer.member("version", program.version)
            writer.member("started_at", program.startedAt.milliseconds)
            writer.member("capacity", load.total)
            writer.member("running", load.active)
            writer.member("stuck", load.stuck)
            writer.member("roles", roles.rawValue)
            writer.name("types")
            writer.array(types) { $0.value($1) }
        }
        return writer.text
    }

    /// Returns nil if the announcement cannot be read.
    init?(announcement: String) {
        guard let members = try? RawJSON.members(of: announcement) else { return nil }
        let values = Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        func number(_ name: String) -> Int? {
            values[name]?.integer.flatMap { 0...StoredNumber.maximum ~= Int($0) ? Int($0) : nil }
        }
        guard let id = values["id"]?.string, let host = values["host"]?.string,
            let processID = number("pid"), let version = values["version"]?.string,
            let startedAt = values["started_at"]?.integer, let capacity = number("capacity"),
            let running = number("running"), let stuck = number("stuck"), let roles = number("roles"),
            let types = try? values["types"]?.elements()
        else { return nil }
        self.init(
            id: id,
            program: Program(
                host: host, processID: processID, version: version,
                startedAt: Timestamp(milliseconds: startedAt)),
            types: types.compactMap(\.string),
            load: WorkerLoad(total: capacity, active: running, stuck: stuck), roles: Role(rawValue: roles))
    }
}

#endif
