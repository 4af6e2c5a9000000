/// A real Redis Cluster: three primaries, and a replica of the one that has the queue's slot. The servers end with this
/// object.
package final class RedisClusterServers: Sendable {
    /// The primaries, then the replica.
    package let servers: [RedisServer]
    /// The slot of the queue's keys.
    package let slot: Int
    private let owner: Int

    /// Starts all servers and waits until each reports that the cluster is complete.
    ///
    /// - Parameter keyPrefix: Key prefix of the queue.
    package static func start(keyPrefix: String) async throws -> RedisClusterServers {
        var servers: [RedisServer] = []
        for _ in 0..<4 {
            var options = RedisOptions()
            options.lines = [
                "cluster-enabled yes", "cluster-config-file nodes.conf", "cluster-node-timeout 4000",
                "cluster-port \(try FreePort.next())", "cluster-replica-validity-factor 0",
            ]
            servers.append(try await RedisServer.start(options))
        }
        let slot = try await servers[0].command("CLUSTER", "KEYSLOT", "{\(keyPrefix)}").number
            .orThrow("the slot of a key")
        let cluster = RedisClusterServers(servers: servers, slot: slot)
        try await cluster.join()
        return cluster
    }

    /// A cluster shared by tests that need only their own keys. It ends with the process.
    package static var shared: RedisClusterServers {
        get async throws { try await sharedStart.value }
    }

    /// Completes once the cluster is complete.
    private static let sharedStart = Task { try await start(keyPrefix: "shared") }

    private init(servers: [RedisServer], slot: Int) {
        self.servers = servers
        self.slot = slot
        owner = Self.ranges.firstIndex { $0.contains(slot) } ?? 0
    }

    private static let ranges = [0...5460, 5461...10922, 10923...16383]

    /// The primary that initially has the queue.
    package var first: RedisServer { servers[owner] }
    /// Another primary.
    package var other: RedisServer { servers[(owner + 1) % 3] }
    /// The replica that takes over from ``first``.
    package var replica: RedisServer { servers[3] }

    private func join() async throws {
        for (server, range) in zip(servers, Self.ranges) {
            try await server.command("CLUSTER", "ADDSLOTSRANGE", "\(range.lowerBound)", "\(range.upperBound)")
        }
        for server in servers.dropFirst() {
            let bus = try await server.command("CONFIG", "GET", "cluster-port").list.last.flatMap(\.text)
                .orThrow("a port")
            try await servers[0].command("CLUSTER", "MEET", "127.0.0.1", "\(server.port)", bus)
        }
        try await waiting(for: "the servers know each other") {
            for server in servers {
                let info = (try? await server.command("CLUSTER", "INFO").text) ?? ""
                guard info.contains("cluster_known_nodes:4"), info.contains("cluster_state:ok") else {
                    return false
                }
            }
            return true
        }
        try await replica.command("CLUSTER", "REPLICATE", try await id(of: first))
        try await waiting(for: "the replica has what its primary has") {
            (try? await replica.info("master_link_status")) == "up"
        }
    }

    private func id(of server: RedisServer) async throws -> String {
        try await server.command("CLUSTER", "MYID").text.orThrow("the identifier of a node")
    }

    /// Moves the queue's slot and all its keys from ``first`` to ``other``.
    package func moveSlot() async throws {
        let slot = "\(slot)"
        let (from, to) = (try await id(of: first), try await id(of: other))
        try await other.command("CLUSTER", "SETSLOT", slot, "IMPORTING", from)
        try await first.command("CLUSTER", "SETSLOT", slot, "MIGRATING", to)
        while true {
            let keys = try await first.command("CLUSTER", "GETKEYSINSLOT", slot, "100").list
                .compactMap(\.text)
            if keys.isEmpty { break }
            for key in keys {
                try await first.command("MIGRATE", "127.0.0.1", "\(other.port)", key, "0", "20000")
            }
        }
        for server in [other, first] { try await server.command("CLUSTER", "SETSLOT", slot, "NODE", to) }
    }
}
