import Synchronization

/// Three Sentinels and the servers they monitor: a primary and its replicas. They end with this object.
package final class RedisSentinelTrio: Sendable {
    /// The primary's name in the Sentinels' configuration.
    package let name = RedisSentinel.name
    /// The servers; the first is the initial primary.
    package let servers: [RedisServer]
    private let sentinels: [RedisSentinel]

    /// Starts everything and waits until each Sentinel knows all servers.
    ///
    /// - Parameters:
    ///   - replicas: Number of replicas.
    ///   - options: Options of all servers.
    package static func start(
        replicas: Int = 1, _ options: RedisOptions = RedisOptions()
    ) async throws -> RedisSentinelTrio {
        let primary = try await RedisServer.start(options)
        var servers = [primary]
        var replica = options
        replica.replicaOf = primary.port
        for _ in 0..<replicas { servers.append(try await RedisServer.start(replica)) }
        for server in servers.dropFirst() {
            try await waiting(for: "the replica has what the primary has") {
                (try? await server.info("master_link_status")) == "up"
            }
        }
        var sentinels: [RedisSentinel] = []
        for _ in 0..<3 {
            sentinels.append(
                try await RedisSentinel(primary: primary.port, quorum: 2, password: options.password))
        }
        let trio = RedisSentinelTrio(servers: servers, sentinels: sentinels)
        try await waiting(for: "the sentinels know each other") {
            for sentinel in sentinels {
                let isComplete = try? await sentinel.knows(replicas: replicas, sentinels: 3)
                guard isComplete == true else { return false }
            }
            return true
        }
        return trio
    }

    private init(servers: [RedisServer], sentinels: [RedisSentinel]) {
        self.servers = servers
        self.sentinels = sentinels
    }

    /// Ports of the Sentinels.
    package var sentinelPorts: [Int] { sentinels.map(\.port) }

    /// The Sentinels' addresses in the form of the setting.
    package var sentinelAddresses: String {
        sentinelPorts.map { "127.0.0.1:\($0)" }.joined(separator: ",")
    }

    /// The Sentinels' logs.
    package var output: String { sentinels.map(\.output).joined(separator: "\n") }

    /// Port of the primary, once all Sentinels agree on it.
    package func primaryPort() async throws -> Int {
        var agreed = 0
        try await waiting(for: "the sentinels agree") {
            var ports: Set<Int?> = []
            for sentinel in sentinels { ports.insert(try? await sentinel.primaryPort()) }
            agreed = (ports.count == 1 ? ports.first ?? nil : nil) ?? 0
            return agreed != 0
        }
        return agreed
    }

    /// Kills the primary, like a power failure. When started again, it becomes a replica.
    ///
    /// - Returns: The former primary.
    @discardableResult
    package func killPrimary() async throws -> RedisServer {
        let port = try await primaryPort()
        let primary = servers.first { $0.port == port } ?? servers[0]
        try await primary.kill()
        return primary
    }

    /// Fails over to the replica gracefully: the primary waits until the replica has all data before the Sentinels are
    /// notified.
    ///
    /// - Returns: Port of the new primary.
    @discardableResult
    package func handOver() async throws -> Int {
        let port = try await primaryPort()
        guard let primary = servers.first(where: { $0.port == port }),
            let replica = servers.first(where: { $0.port != port })
        else { return port }
        try await primary.command("FAILOVER", "TO", "127.0.0.1", "\(replica.port)", "TIMEOUT", "25000")
        try await waiting(for: "the replica has taken over") {
            (try? await replica.info("role")) == "master"
        }
        try await waiting(for: "a sentinel takes the order") {
            if (try? await sentinels[0].primaryPort()) == replica.port { return true }
            return (try? await sentinels[0].command("SENTINEL", "FAILOVER", name)) != nil
        }
        return try await waitForFailover(from: port)
    }

    /// Waits until the Sentinels agree on a new primary and it accepts writes.
    ///
    /// Sentinels that get no CPU time for two seconds are passive for half a minute ("tilt"), possibly more than once; and
    /// a failover that did not finish is retried after twice its timeout.
    ///
    /// - Returns: Port of the new primary.
    @discardableResult
    package func waitForFailover(from port: Int) async throws -> Int {
        try await waiting(within: .seconds(300), for: "another server is the primary") {
            for sentinel in sentinels {
                guard let now = try? await sentinel.primaryPort(), now != port,
                    let server = servers.first(where: { $0.port == now }),
                    (try? await server.info("role")) == "master"
                else { return false }
            }
            return true
        }
        return try await primaryPort()
    }
}
