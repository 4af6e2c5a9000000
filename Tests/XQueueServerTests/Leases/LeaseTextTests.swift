import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

/// Display texts of workers are repaired and truncated, so that no outcome is lost because of them.
@Suite("display texts of workers") struct LeaseTextTests {
    private static func post(_ api: TestAPI, _ path: String, _ bytes: [UInt8]) async throws -> APIReply {
        try await api.send(
            .post, path, ByteBuffer(bytes: bytes), headers: [.contentType: "application/json"])
    }

    private static let errors: [([UInt8], String)] = [
        (Array(#""caf\udce9""#.utf8), "caf\u{FFFD}"),
        (Array(#""caf"#.utf8) + [0xE9, UInt8(ascii: "\"")], "caf\u{FFFD}"),
        (Array(#""a\u0000b\u001b[31m""#.utf8), "a␀b␛[31m"),
        (Array("\"line\nline\"".utf8), "line\nline"),
        (Array("17".utf8), "17"),
        (Array(#"{"code":5}"#.utf8), #"{"code":5}"#),
    ]

    @Test("are accepted as errors, whatever they contain") func failure() async throws {
        try await TestAPI.run { api in
            for (error, expected) in Self.errors {
                for isBatch in [false, true] {
                    let id = try await api.makeTask(type: "a", #","max_retry":0"#)
                    let lease = try await api.takeLease()
                    let member = Array(#""error":"#.utf8) + error
                    let reply =
                        isBatch
                        ? try await Self.post(
                            api, "/api/v1/leases/fail",
                            Array(#"{"leases":[{"lease":"\#(lease)","#.utf8) + member + Array("}]}".utf8))
                        : try await Self.post(
                            api, "/api/v1/leases/\(lease)/fail",
                            [UInt8(ascii: "{")] + member + [UInt8(ascii: "}")])
                    #expect(reply.status == 200, "\(reply.text)")
                    #expect(try await api.store.task(id)?.status == .failed)
                    #expect(try await api.store.task(id)?.error == expected)
                }
            }
        }
    }

    @Test("are truncated as errors") func long() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask(type: "a", #","max_retry":0"#)
            let lease = try await api.takeLease()
            let text = String(repeating: "x", count: 2_000_000)
            #expect(
                try await api.post("/api/v1/leases/\(lease)/fail", #"{"error":"\#(text)"}"#).status == 200)
            #expect(try await api.store.task(id)?.error?.utf8.count == ModelLimits.errorBytes)
        }
    }

    @Test("are accepted as progress messages") func progress() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            let lease = try await api.takeLease()
            for (message, expected) in Self.errors + [(Array("null".utf8), nil)] as [([UInt8], String?)] {
                let body = Array(#"{"progress":5,"message":"#.utf8) + message + [UInt8(ascii: "}")]
                let reply = try await Self.post(api, "/api/v1/leases/\(lease)/progress", body)
                #expect(reply.raw("stop") == "false", "\(reply.text)")
                #expect(try await api.store.task(id)?.progress?.message == expected)
            }
        }
    }

    @Test("are accepted as host and version") func worker() async throws {
        try await TestAPI.run { api in
            let long = String(repeating: "v", count: 1000)
            let reply = try await api.post(
                "/api/v1/leases",
                #"{"worker":"w-1","types":["a"],"host":"h\u0000\udce9","version":"\#(long)"}"#)
            #expect(reply.status == 200, "\(reply.text)")
            let worker = try await api.get("/api/v1/workers").elements("workers")[0]
            #expect(worker.string("host") == "h␀\u{FFFD}")
            #expect(worker.string("version")?.utf8.count == ModelLimits.versionBytes)
        }
    }

    @Test("are not repaired in results") func result() async throws {
        try await TestAPI.run { api in
            _ = try await api.makeTask()
            let lease = try await api.takeLease()
            for bytes in [[0xE9], [0x0A], [0x00]] as [[UInt8]] {
                let body = Array(#"{"result":"x"#.utf8) + bytes + Array(#""}"#.utf8)
                try await Self.post(api, "/api/v1/leases/\(lease)/complete", body)
                    .expectError(400, "malformed_json")
            }
            #expect(try await api.put("/api/v1/leases/\(lease)", "{}").raw("stop") == "false")
        }
    }

    @Test("do not affect release: immediate at first, then with growing delays") func pace()
        async throws
    {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            var waits: [Duration] = []
            for _ in 0..<12 {
                let lease = try await api.takeLease()
                #expect(try await api.post("/api/v1/leases/\(lease)/release").status == 200)
                let task = try #require(try await api.store.task(id))
                let wait = task.pendingReason == .scheduled ? task.runAt - api.clock.now() : .zero
                waits.append(wait)
                api.clock.advance(by: wait)
                _ = try await api.store.sweep(limit: 10, draw: 0.0)
            }
            #expect(waits.prefix(4) == [.zero, .zero, .milliseconds(100), .milliseconds(200)])
            #expect(waits.last == .seconds(10))
            #expect(try await api.store.task(id)?.retryCount == 0)
            // An explicit delay takes precedence.
            let lease = try await api.takeLease()
            _ = try await api.post("/api/v1/leases/\(lease)/release", #"{"delay":1}"#)
            #expect(try await api.store.task(id)?.runAt == api.clock.now() + .seconds(1))
        }
    }
}
