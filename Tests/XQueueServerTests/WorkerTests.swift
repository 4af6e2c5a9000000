import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@testable import XQueueServer

@Suite("workers") struct WorkerTests {
    private static func node(
        _ id: String, at time: Timestamp, types: [String], roles: NodeRecord.Role
    ) -> NodeRecord {
        NodeRecord(
            id: id,
            program: NodeRecord.Program(
                host: "host-\(id)", processID: 42, version: "1.2.3", startedAt: time + .seconds(-60)),
            types: types,
            load: WorkerLoad(total: types.isEmpty ? 0 : 10, active: types.isEmpty ? 0 : 2, stuck: 0),
            roles: roles)
    }

    private static func run(_ body: @Sendable (TestAPI) async throws -> Void) async throws {
        var queue = QueueConfiguration()
        queue.workerID = "a"
        queue.runsWorkers = false
        queue.servesAPI = true
        try await TestAPI.run(queue: queue, body)
    }

    @Test("are none before a node registers") func none() async throws {
        try await Self.run { api in
            let reply = try await api.get("/api/v1/workers")
            #expect(reply.status == 200)
            #expect(reply.text == #"{"workers":[],"count":0}"#)
        }
    }

    @Test("are all listed, with this node marked") func all() async throws {
        try await Self.run { api in
            let now = api.clock.now()
            for node in [
                Self.node("b", at: now, types: ["y", "x"], roles: [.worker]),
                Self.node("a", at: now, types: [], roles: [.api]),
            ] {
                try await api.store.register(node, lifetime: .seconds(90))
            }
            let reply = try await api.get("/api/v1/workers")
            #expect(reply.memberNames == ["workers", "count"])
            #expect(reply.integer("count") == 2)
            let workers = reply.elements("workers")
            #expect(workers.map { $0.string("id") } == ["a", "b"])
            #expect(workers.map { $0.raw("this_node") } == ["true", "false"])
            #expect(
                workers[1].text == """
                    {"id":"b","this_node":false,"host":"host-b","pid":42,"version":"1.2.3",\
                    "roles":["worker"],"types":["x","y"],"capacity":10,"running":2,"stuck":0,\
                    "started_at":"2025-12-31T23:59:00.000Z","last_seen_at":"2026-01-01T00:00:00.000Z"}
                    """)
            let stats = try await api.get("/api/v1/stats")
            #expect(stats.raw("workers") == reply.raw("workers"))
            #expect(stats.integer("total_workers") == 10)
            #expect(stats.integer("active_workers") == 2)
        }
    }

    @Test("make a type served, wherever they are") func served() async throws {
        try await Self.run { api in
            try api.manager.register("mine") { _ -> RawJSON? in nil }
            let now = api.clock.now()
            let node = Self.node("b", at: now, types: ["x"], roles: [.worker])
            try await api.store.register(node, lifetime: .seconds(90))
            _ = try await api.makeTask(type: "mine")
            let types = try await api.get("/api/v1/types").elements("types")
            #expect(types.map { $0.string("type") } == ["mine", "x"])
            #expect(types.map { $0.raw("has_handler") } == ["false", "true"])
            api.clock.advance(by: .seconds(90))
            let later = try await api.get("/api/v1/types").elements("types")
            #expect(later.map { $0.raw("has_handler") } == ["false"])
        }
    }

    @Test("are 503 if the store fails") func failure() async throws {
        try await Self.run { api in
            api.store.fail(.nodes)
            let reply = try await api.get("/api/v1/workers")
            reply.expectError(503, "store_unavailable")
            #expect(reply.headers[.retryAfter] != nil)
        }
    }

    @Test("allow GET, HEAD and OPTIONS only") func methods() async throws {
        try await Self.run { api in
            let options = try await api.send(.options, "/api/v1/workers")
            #expect(options.status == 204)
            #expect(options.headers[.allow] == "GET, HEAD, OPTIONS")
            try await api.send(.delete, "/api/v1/workers").expectError(405, "method_not_allowed")
            try await api.get("/api/v1/workers?limit=1").expectError(400, "unknown_field", field: "limit")
        }
    }
}
