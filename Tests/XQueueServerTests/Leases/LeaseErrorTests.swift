import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting

@testable import XQueueServer

@Suite("errors with leases") struct LeaseErrorTests {
    @Test(
        "in a request for tasks are named",
        arguments: [
            (#"{"types":["a"]}"#, "worker"),
            (#"{"worker":"w"}"#, "types"),
            (#"{"worker":"","types":["a"]}"#, "worker"),
            (#"{"worker":"w 1","types":["a"]}"#, "worker"),
            (#"{"worker":null,"types":["a"]}"#, "worker"),
            (#"{"worker":7,"types":["a"]}"#, "worker"),
            (#"{"worker":"w","types":[]}"#, "types"),
            (#"{"worker":"w","types":"a"}"#, "types"),
            (#"{"worker":"w","types":["a",1]}"#, "types[1]"),
            (#"{"worker":"w","types":["a","b c"]}"#, "types[1]"),
            (#"{"worker":"w","types":["a"],"max_tasks":0}"#, "max_tasks"),
            (#"{"worker":"w","types":["a"],"max_tasks":1001}"#, "max_tasks"),
            (#"{"worker":"w","types":["a"],"wait":-1}"#, "wait"),
            (#"{"worker":"w","types":["a"],"wait":60.001}"#, "wait"),
            (#"{"worker":"w","types":["a"],"wait":60.0001}"#, "wait"),
            (#"{"worker":"w","types":["a"],"capacity":-1}"#, "capacity"),
            (#"{"worker":"w","types":["a"],"running":1.5}"#, "running"),
        ])
    func request(body: String, field: String) async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask()
            try await api.post("/api/v1/leases", body).expectError(400, "invalid_field", field: field)
            #expect(try await api.store.tasks(TaskQuery(statuses: [.pending])).total == 1)
        }
    }

    @Test("in unknown fields are named") func unknown() async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask()
            let lease = try await api.takeLease()
            try await api.lease(#","x":1"#).expectError(400, "unknown_field", field: "x")
            for (verb, body, field) in [
                ("complete", #"{"error":1}"#, "error"), ("fail", #"{"result":1}"#, "result"),
                ("release", #"{"x":1}"#, "x"), ("progress", #"{"percent":1}"#, "percent"),
            ] {
                try await api.post("/api/v1/leases/\(lease)/\(verb)", body).expectError(
                    400, "unknown_field", field: field)
            }
            try await api.put("/api/v1/leases/\(lease)", #"{"x":1}"#).expectError(
                400, "unknown_field", field: "x")
            #expect(try await api.put("/api/v1/leases/\(lease)", "{}").raw("stop") == "false")
        }
    }

    @Test(
        "in updates of a lease are named, and the lease is still held",
        arguments: [
            ("fail", #"{"retry_after":-1}"#, "retry_after"),
            ("fail", #"{"retry_after":"soon"}"#, "retry_after"),
            ("fail", #"{"permanent":"yes"}"#, "permanent"),
            ("release", #"{"delay":-1}"#, "delay"), ("progress", "{}", "progress"),
            ("progress", #"{"progress":101}"#, "progress"), ("progress", #"{"progress":"1"}"#, "progress"),
        ])
    func values(verb: String, body: String, field: String) async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask()
            let lease = try await api.takeLease()
            try await api.post("/api/v1/leases/\(lease)/\(verb)", body)
                .expectError(400, "invalid_field", field: field)
            #expect(try await api.put("/api/v1/leases/\(lease)", "{}").raw("stop") == "false")
        }
    }

    @Test("by an oversized result leave the lease unchanged") func largeResult() async throws {
        var queue = QueueConfiguration()
        queue.maxPayloadBytes = 10
        try await TestAPI.run(queue: queue) { api in
            _ = try await api.makeTask()
            let lease = try await api.takeLease()
            try await api.post("/api/v1/leases/\(lease)/complete", #"{"result":"0123456789"}"#)
                .expectError(400, "invalid_field", field: "result")
            #expect(
                try await api.post("/api/v1/leases/\(lease)/complete", #"{"result":"01234567"}"#).status
                    == 200)
        }
    }

    @Test(
        "in the lease ID are 404", arguments: ["x", "1.2", "0190d6f0-0000-7000-8000-000000000000.0"])
    func name(text: String) async throws {
        try await TestAPI.run { api in
            try await api.put("/api/v1/leases/\(text)", "{}").expectError(404, "not_found")
            for verb in ["progress", "complete", "fail", "release"] {
                try await api.post("/api/v1/leases/\(text)/\(verb)", #"{}"#).expectError(404, "not_found")
            }
        }
    }

    @Test("with methods list the allowed ones") func methods() async throws {
        try await TestAPI.run { api in
            let lease = try await api.send(.options, "/api/v1/leases")
            #expect(lease.headers[.allow] == "POST, PUT, OPTIONS")
            try await api.get("/api/v1/leases/complete").expectError(405, "method_not_allowed")
            try await api.send(.delete, "/api/v1/leases/x").expectError(405, "method_not_allowed")
        }
    }

    @Test("by a failing store are 503, and the lease can be completed later") func store() async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask()
            let lease = try await api.takeLease()
            api.store.fail(.settle)
            try await api.post("/api/v1/leases/\(lease)/complete").expectError(503, "store_unavailable")
            api.store.heal()
            #expect(try await api.post("/api/v1/leases/\(lease)/complete").status == 200)
            api.store.fail(.claim)
            try await api.lease().expectError(503, "store_unavailable")
        }
    }
}
