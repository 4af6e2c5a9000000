import HTTPTypes
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

@Suite("batches of leases") struct LeaseBatchTests {
    private static func leases(_ api: TestAPI, _ count: Int) async throws -> [String] {
        for _ in 0..<count { _ = try await api.makeTask() }
        return try await api.lease(#","max_tasks":\#(count)"#).elements("leases").compactMap {
            $0.string("lease")
        }
    }

    @Test("are completed in one call, each with its own result") func end() async throws {
        try await TestAPI.run { api in
            let leases = try await Self.leases(api, 3)
            _ = try await api.post("/api/v1/leases/\(leases[1])/release")
            let reply = try await api.post(
                "/api/v1/leases/complete",
                """
                {"leases":[{"lease":"\(leases[0])","result":[1]},{"lease":"\(leases[1])"},\
                {"lease":"\(leases[2])","result":null}]}
                """)
            #expect(reply.status == 200)
            #expect(reply.integer("count") == 3)
            #expect(reply.integer("lost") == 1)
            let answers = reply.elements("leases")
            #expect(answers.map { $0.string("lease") } == leases)
            #expect(answers.map { $0.string("status") } == ["success", nil, "success"])
            #expect(answers[1].string("code") == "lease_lost")
        }
    }

    @Test("fail and are released in one call") func failAndRelease() async throws {
        try await TestAPI.run { api in
            let leases = try await Self.leases(api, 4)
            let failed = try await api.post(
                "/api/v1/leases/fail",
                """
                {"leases":[{"lease":"\(leases[0])","error":"x","permanent":true},\
                {"lease":"\(leases[1])","error":"y","retry_after":1}]}
                """)
            #expect(failed.elements("leases").map { $0.string("status") } == ["failed", "pending"])
            let released = try await api.post(
                "/api/v1/leases/release",
                #"{"leases":[{"lease":"\#(leases[2])"},{"lease":"\#(leases[3])","delay":9}]}"#)
            #expect(released.elements("leases").map { $0.string("status") } == ["pending", "pending"])
        }
    }

    @Test("are extended and report progress in one call each") func extend() async throws {
        try await TestAPI.run { api in
            let leases = try await Self.leases(api, 2)
            let id = try #require(AttemptID(leaseID: leases[1])?.taskID)
            _ = try await api.send(.delete, "/api/v1/tasks/\(id)")
            let body = #"{"leases":[{"lease":"\#(leases[0])"},{"lease":"\#(leases[1])"}]}"#
            let reply = try await api.put("/api/v1/leases", body)
            #expect(reply.elements("leases").map { $0.raw("stop") } == ["false", "true"])
            #expect(reply.elements("leases").map { $0.string("reason") } == [nil, "canceled"])
            let progress = try await api.post(
                "/api/v1/leases/progress", #"{"leases":[{"lease":"\#(leases[0])","progress":7}]}"#)
            #expect(progress.elements("leases").map { $0.raw("stop") } == ["false"])
            let task = try await api.store.task(try #require(AttemptID(leaseID: leases[0])?.taskID))
            #expect(task?.progress?.percent == 7)
        }
    }

    @Test("that are empty are a sign of life") func empty() async throws {
        try await TestAPI.run { api in
            let reply = try await api.put(
                "/api/v1/leases", #"{"worker":"w-9","types":["t"],"capacity":4,"running":2,"leases":[]}"#)
            #expect(reply.text == #"{"leases":[],"count":0}"#)
            let workers = try await api.get("/api/v1/workers").elements("workers")
            #expect(workers.map { $0.string("id") } == ["w-9"])
            #expect(workers[0].integer("running") == 2)
        }
    }

    @Test(
        "with an error change nothing, and name its position",
        arguments: [
            (#"{}"#, "invalid_field", "leases"),
            (#"{"leases":{}}"#, "invalid_field", "leases"),
            (#"{"leases":[{}]}"#, "invalid_field", "leases[0].lease"),
            (#"{"leases":[{"lease":"nonsense"}]}"#, "invalid_field", "leases[0].lease"),
            (#"{"leases":[{"lease":1}]}"#, "invalid_field", "leases[0].lease"),
            (#"{"leases":[{"lease":"LEASE","x":1}]}"#, "unknown_field", "leases[0].x"),
            (#"{"leases":[{"lease":"LEASE"},{"lease":"LEASE","x":1}]}"#, "unknown_field", "leases[1].x"),
        ])
    func mistakes(body: String, code: String, field: String) async throws {
        try await TestAPI.run { api in
            let lease = try await Self.leases(api, 1)[0]
            let body = body.replacing("LEASE", with: lease)
            for path in ["complete", "fail", "release"] {
                try await api.post("/api/v1/leases/\(path)", body).expectError(400, code, field: field)
            }
            try await api.put("/api/v1/leases", body).expectError(400, code, field: field)
            #expect(try await api.put("/api/v1/leases/\(lease)", "{}").raw("stop") == "false")
        }
    }

    @Test("are limited in size") func bound() async throws {
        var queue = QueueConfiguration()
        queue.maxBatch = 2
        try await TestAPI.run(queue: queue) { api in
            let lease = "0190d6f0-0000-7000-8000-000000000000.1"
            let three = Array(repeating: #"{"lease":"\#(lease)"}"#, count: 3).joined(separator: ",")
            try await api.put("/api/v1/leases", #"{"leases":[\#(three)]}"#)
                .expectError(400, "invalid_field", field: "leases")
        }
    }
}
