import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("remote workers") struct RemoteWorkerTests {
    @Test("are listed, and make their types served") func shown() async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask()
            _ = try await api.makeTask(type: "else")
            let reply = try await api.lease(
                #","max_tasks":3,"capacity":8,"host":"h","pid":12,"version":"2.0""#)
            #expect(reply.integer("count") == 1)
            let workers = try await api.get("/api/v1/workers").elements("workers")
            #expect(
                workers.map(\.text) == [
                    """
                    {"id":"w","this_node":false,"host":"h","pid":12,"version":"2.0",\
                    "roles":["worker","remote"],"types":["a"],"capacity":8,"running":1,"stuck":0,\
                    "started_at":"2026-01-01T00:00:00.000Z","last_seen_at":"2026-01-01T00:00:00.000Z"}
                    """
                ])
            let types = try await api.get("/api/v1/types").elements("types")
            #expect(types.map { $0.raw("has_handler") } == ["true", "false"])
            let stats = try await api.get("/api/v1/stats")
            #expect(stats.integer("total_workers") == api.manager.configuration.maxConcurrency + 8)
            #expect(stats.integer("active_workers") == 1)
        }
    }

    @Test("show no running tasks once their attempts have ended") func running() async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask()
            let lease = try await api.takeLease()
            _ = try await api.post("/api/v1/leases/\(lease)/complete")
            let workers = try await api.get("/api/v1/workers").elements("workers")
            #expect(workers.map { $0.integer("running") } == [0])
            #expect(workers.map { $0.integer("capacity") } == [1])
        }
    }

    @Test("are removed after three missed heartbeats") func silence() async throws {
        try await TestAPI.run { api in
            _ = try await api.lease()
            api.clock.advance(by: .seconds(89))
            #expect(try await api.get("/api/v1/workers").integer("count") == 1)
            api.clock.advance(by: .seconds(2))
            #expect(try await api.get("/api/v1/workers").integer("count") == 0)
        }
    }

    @Test("deregister") func leave() async throws {
        try await TestAPI.run { api in
            _ = try await api.lease()
            #expect(try await api.send(.delete, "/api/v1/workers/w").status == 200)
            #expect(try await api.get("/api/v1/workers").integer("count") == 0)
            try await api.send(.delete, "/api/v1/workers/w").expectError(404, "not_found")
        }
    }

    @Test("cannot use the name of a node, or deregister it") func nodes() async throws {
        try await TestAPI.run { api in
            let node = NodeRecord(
                id: "w",
                program: NodeRecord.Program(
                    host: "", processID: 1, version: "", startedAt: api.clock.now()),
                types: [], load: WorkerLoad(total: 0, active: 0, stuck: 0), roles: [.api])
            try await api.store.register(node, lifetime: .seconds(600))
            try await api.lease().expectError(400, "invalid_field", field: "worker")
            try await api.send(.delete, "/api/v1/workers/w").expectError(404, "not_found")
            #expect(try await api.get("/api/v1/workers").integer("count") == 1)
        }
    }

    @Test("are limited in number") func bound() async throws {
        var queue = QueueConfiguration()
        queue.maxRemoteWorkers = 2
        try await TestAPI.run(queue: queue) { api in
            for name in ["x", "y", "x"] {
                let reply = try await api.post("/api/v1/leases", #"{"worker":"\#(name)","types":["a"]}"#)
                #expect(reply.status == 200)
            }
            let reply = try await api.post("/api/v1/leases", #"{"worker":"z","types":["a"]}"#)
            reply.expectError(503, "too_many_workers")
            #expect(reply.headers[.retryAfter] == "5")
        }
    }

    @Test("keep their leases when the server is restarted") func restart() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(type: "a", #","process_timeout":7"#)
            let lease = try await api.takeLease()
            // Another manager on the same store knows the lease only by its ID.
            try await TestAPI.over(api.store, clock: api.clock) { other in
                #expect(try await other.put("/api/v1/leases/\(lease)", "{}").raw("stop") == "false")
                other.clock.advance(by: .seconds(8))
                #expect(try await other.put("/api/v1/leases/\(lease)", "{}").string("reason") == "timeout")
                _ = try await other.post("/api/v1/leases/\(lease)/complete")
            }
            let task = try await api.get("/api/v1/tasks/\(id)")
            #expect(task.elements("errors").map { $0.string("kind") } == ["timeout"])
        }
    }
}
