import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("leases") struct LeaseTests {
    @Test("are granted for the best tasks") func handOut() async throws {
        try await TestAPI.run { api in
            let low = try await api.makeTask(type: "a", #","payload":{"n":1}"#)
            let high = try await api.makeTask(type: "b", #","priority":5,"process_timeout":20"#)
            _ = try await api.makeTask(type: "other")
            let reply = try await api.post(
                "/api/v1/leases", #"{"worker":"w-1","types":["b","a","a"],"max_tasks":5}"#)
            #expect(reply.status == 200)
            #expect(
                reply.memberNames == ["leases", "count", "has_more", "lease_duration", "heartbeat_interval"])
            #expect(reply.integer("count") == 2)
            #expect(reply.raw("lease_duration") == "90")
            #expect(reply.raw("heartbeat_interval") == "10")
            let leases = reply.elements("leases")
            #expect(leases.map { $0.task?.string("id") } == [high.description, low.description])
            #expect(leases.allSatisfy { $0.task?.string("worker_id") == "w-1" })
            #expect(leases.allSatisfy { $0.task?.string("status") == "processing" })
            #expect(leases[0].raw("timeout_at") == #""2026-01-01T00:00:20.000Z""#)
            // The default process timeout is 300 s.
            #expect(leases[1].raw("expires_at") == #""2026-01-01T00:01:30.000Z""#)
            let attempt = try #require(leases[0].string("lease").flatMap { AttemptID(leaseID: $0) })
            #expect(attempt.taskID == high)
            #expect(try await api.manager.task(high)?.lease?.isRemote == true)
        }
    }

    @Test("are none if nothing is ready and the request does not wait") func empty() async throws {
        try await TestAPI.run { api in
            let reply = try await api.lease()
            #expect(reply.status == 200)
            #expect(reply.raw("leases") == "[]")
        }
    }

    @Test("end with a result") func complete() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            let lease = try await api.takeLease()
            let reply = try await api.post("/api/v1/leases/\(lease)/complete", #"{"result":{"a": 1}}"#)
            #expect(reply.status == 200)
            #expect(reply.string("status") == "success")
            #expect(reply.string("task_id") == id.description)
            let task = try await api.get("/api/v1/tasks/\(id)")
            #expect(task.raw("result") == #"{"a": 1}"#)
            #expect(task.string("worker_id") == "w")
            try await api.post("/api/v1/leases/\(lease)/complete").expectError(409, "lease_lost")
        }
    }

    @Test("end without a result, given or not", arguments: [nil, "{}", #"{"result":null}"#])
    func completeWithNothing(body: String?) async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            let lease = try await api.takeLease()
            #expect(try await api.post("/api/v1/leases/\(lease)/complete", body).status == 200)
            #expect(try await api.get("/api/v1/tasks/\(id)").raw("result") == "null")
        }
    }

    @Test("end with a failure that is retried after the requested delay") func fail() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(type: "a", #","max_retry":3"#)
            let lease = try await api.takeLease()
            let reply = try await api.post(
                "/api/v1/leases/\(lease)/fail", #"{"error":"no luck","retry_after":12.5}"#)
            #expect(reply.string("status") == "pending")
            let task = try await api.get("/api/v1/tasks/\(id)")
            #expect(task.string("pending_reason") == "scheduled")
            #expect(task.string("error") == "no luck")
            #expect(task.raw("run_at") == #""2026-01-01T00:00:12.500Z""#)
            #expect(task.integer("retry_count") == 1)
        }
    }

    @Test("end without a retry if the failure is permanent") func permanent() async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask(type: "a", #","max_retry":3"#)
            let lease = try await api.takeLease()
            let reply = try await api.post(
                "/api/v1/leases/\(lease)/fail", #"{"error":"bad","permanent":true}"#)
            #expect(reply.string("status") == "failed")
        }
    }

    @Test("are released without using up a retry, immediately or with a delay") func release() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            for (body, reason) in [("{}", "ready"), (#"{"delay":30}"#, "scheduled")] {
                let lease = try await api.takeLease()
                #expect(
                    try await api.post("/api/v1/leases/\(lease)/release", body).string("status") == "pending")
                let task = try await api.get("/api/v1/tasks/\(id)")
                #expect(task.string("pending_reason") == reason)
                #expect(task.integer("retry_count") == 0)
            }
        }
    }

    @Test("are extended, but never beyond the attempt's deadline") func extend() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(type: "a", #","process_timeout":100"#)
            let lease = try await api.takeLease()
            api.clock.advance(by: .seconds(80))
            let reply = try await api.put("/api/v1/leases/\(lease)", "{}")
            #expect(
                reply.text
                    == #"{"lease":"\#(lease)","stop":false,"reason":null,"lease_duration":90}"#)
            // 100 s plus the grace period of 30 s.
            let expiry = try await api.store.task(id)?.lease?.expiresAt
            #expect(expiry == (try await api.store.task(id)?.startedAt).map { $0 + .seconds(130) })
            api.clock.advance(by: .seconds(30))
            let late = try await api.put("/api/v1/leases/\(lease)", "{}")
            #expect(late.string("reason") == "timeout")
        }
    }

    @Test("whose attempt ran too long end with a timeout, whatever is reported") func timeout() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(type: "a", #","process_timeout":5,"max_retry":0"#)
            let lease = try await api.takeLease()
            api.clock.advance(by: .seconds(6))
            let reply = try await api.post("/api/v1/leases/\(lease)/complete", #"{"result":1}"#)
            #expect(reply.string("status") == "failed")
            let task = try await api.get("/api/v1/tasks/\(id)")
            #expect(task.elements("errors").map { $0.string("kind") } == ["timeout"])
            #expect(task.raw("result") == "null")
        }
    }

    @Test("report that their task was canceled") func cancel() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            let lease = try await api.takeLease()
            _ = try await api.send(.delete, "/api/v1/tasks/\(id)")
            let reply = try await api.put("/api/v1/leases/\(lease)", "{}")
            #expect(reply.raw("stop") == "true")
            #expect(reply.string("reason") == "canceled")
            let end = try await api.post("/api/v1/leases/\(lease)/fail", #"{"error":"stopped"}"#)
            #expect(end.string("status") == "canceled")
        }
    }

    @Test("that are not extended are lost, and their tasks retried") func lost() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(type: "a", #","max_retry":3"#)
            let lease = try await api.takeLease()
            api.clock.advance(by: .seconds(91))
            _ = try await api.store.sweep(limit: 10, draw: 0.0)
            let reply = try await api.put("/api/v1/leases/\(lease)", "{}")
            #expect(reply.string("reason") == "lost")
            #expect(reply.raw("lease_duration") == "0")
            let progress = try await api.post("/api/v1/leases/\(lease)/progress", #"{"progress":1}"#)
            #expect(progress.string("reason") == "lost")
            let task = try await api.get("/api/v1/tasks/\(id)")
            #expect(task.elements("errors").map { $0.string("kind") } == ["lease_lost"])
            for verb in ["complete", "fail", "release"] {
                try await api.post("/api/v1/leases/\(lease)/\(verb)", "{}").expectError(409, "lease_lost")
            }
        }
    }

    @Test("are extended by progress") func progress() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            let lease = try await api.takeLease()
            api.clock.advance(by: .seconds(60))
            let reply = try await api.post(
                "/api/v1/leases/\(lease)/progress", #"{"progress":42.5,"message":"half"}"#)
            #expect(reply.raw("stop") == "false")
            let task = try await api.get("/api/v1/tasks/\(id)")
            #expect(task.raw("progress") == "42.5")
            #expect(task.string("progress_message") == "half")
            #expect(try await api.store.task(id)?.lease?.expiresAt == api.clock.now() + .seconds(90))
        }
    }

    @Test("respect limits of types and keys, and pauses") func limits() async throws {
        try await TestAPI.run { api in
            for _ in 0..<3 { _ = try await api.makeTask(type: "a") }
            for _ in 0..<2 { _ = try await api.makeTask(type: "k", #","concurrency_key":"x""#) }
            _ = try await api.put("/api/v1/types/a/limit", #"{"max_concurrency":2}"#)
            let reply = try await api.post(
                "/api/v1/leases", #"{"worker":"w","types":["a","k"],"max_tasks":9}"#)
            #expect(reply.elements("leases").map { $0.task?.string("type") } == ["a", "a", "k"])
            _ = try await api.post("/api/v1/types/a/pause")
            let first = try #require(reply.elements("leases").first?.string("lease"))
            _ = try await api.post("/api/v1/leases/\(first)/complete")
            #expect(try await api.lease().integer("count") == 0)
        }
    }
}

extension TestAPI {
    func lease(_ members: String = "") async throws -> APIReply {
        try await post("/api/v1/leases", #"{"worker":"w","types":["a"]\#(members)}"#)
    }

    /// Claims one task of type `a`, and returns its lease.
    func takeLease() async throws -> String {
        let reply = try await lease()
        guard let lease = reply.elements("leases").first?.string("lease") else {
            throw Unexpected(reply.text)
        }
        return lease
    }
}

extension APIReply {
    /// The claimed task.
    var task: APIReply? { raw("task").map { APIReply(json: RawJSON(trusted: $0)) } }
}
