#if Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Data in Redis is tampered with or deleted while the program runs.
@Suite(.timeLimit(.minutes(5))) struct RedisDamageTests {
    private struct Health: Decodable {
        struct Checks: Decodable {
            struct Store: Decodable {
                let status: String
                let dataLostAt: String?

                enum CodingKeys: String, CodingKey {
                    case status
                    case dataLostAt = "data_lost_at"
                }
            }

            let store: Store
        }

        let checks: Checks
    }

    private func start() async throws -> (RedisServer, ServerProcess, API, String) {
        let redis = try await RedisServer.start()
        let cluster = try Cluster(redis: redis)
        let server = try await cluster.node("a")
        let api = API(server)
        _ = try await api.submit("alpha", "{}", #""delay":3600"#)
        let names = try await redis.command("KEYS", "*:counts").list.compactMap(\.text)
        return (redis, server, api, try #require(names.first))
    }

    @Test func anImpossibleCountIsNamed() async throws {
        let (redis, server, api, counts) = try await start()
        try await redis.command("HSET", counts, "0/alpha", "9223372036854775807")
        let stats = try await api.send("GET", "/stats")
        #expect(stats.status == 503)
        #expect(stats.text.contains("\(counts) 0/alpha"), "\(stats.text)")
        #expect(try await api.send("GET", "/types").status == 503)
        #expect(try await api.send("GET", "/tasks").status == 200)
        // The next task of the type repairs the count from the tasks that exist.
        _ = try await api.submit("alpha", "{}", #""delay":3600"#)
        #expect(try await api.stats()[.pending] == 2)
        #expect(server.isRunning)
    }

    @Test func healthReportsWhatWouldFailSubmissions() async throws {
        let (redis, server, api, counts) = try await start()
        #expect(try await api.send("GET", "/health").status == 200)
        try await redis.command("RENAME", counts, "aside")
        try await redis.command("SET", counts, "x")
        try await eventually("health names the key") {
            let health = try await api.send("GET", "/health")
            return health.status == 503 && health.text.contains(counts)
        }
        try await redis.command("RENAME", "aside", counts)
        try await eventually("health has recovered") { try await api.send("GET", "/health").status == 200 }
        #expect(server.isRunning)
    }

    @Test func healthReportsLostData() async throws {
        let (redis, server, api, _) = try await start()
        let before: Health = try await api.send("GET", "/health").decoded()
        #expect(before.checks.store.dataLostAt == nil)
        try await redis.command("FLUSHALL")
        try await eventually("the node has noticed") {
            let health: Health = try await api.send("GET", "/health").decoded()
            return health.checks.store.dataLostAt != nil
        }
        #expect(try await api.end(of: api.submit().id).status == .success)
        #expect(server.isRunning)
    }
}

#endif
