import HTTPTypes
import Logging
import NIOCore
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

@Suite("Tokens limited to task types")
struct TypeLimitedTests {
    static let token = "a token for two types"

    private static func run(_ body: @Sendable (TestAPI) async throws -> Void) async throws {
        var configuration = ServerConfiguration()
        configuration.access.tokens = [
            AccessToken(name: "all", hash: TokenHash(of: "a token for all"), scopes: .admin),
            AccessToken(name: "some", hash: TokenHash(of: token), scopes: .admin, types: ["a", "b"]),
        ]
        try await TestAPI.run(configuration: configuration) { try await body($0) }
    }

    @Test("Submitting other types is rejected, alone and in a batch") func submission() async throws {
        try await Self.run { api in
            let one = try await api.call(.post, "/api/v1/tasks", #"{"type":"c"}"#)
            one.expectError(403, "forbidden", field: "type", says: "c")
            let batch = try await api.call(
                .post, "/api/v1/tasks/batch", #"{"tasks":[{"type":"a"},{"type":"c"}]}"#)
            batch.expectError(403, "forbidden", field: "tasks[1].type")
            #expect(try await api.call(.post, "/api/v1/tasks", #"{"type":"a"}"#).status == 201)
            #expect(try await api.call(.get, "/api/v1/tasks").integer("total") == 1)
        }
    }

    @Test("Tasks of other types are invisible") func foreignTasks() async throws {
        try await Self.run { api in
            let made = try await api.call(.post, "/api/v1/tasks", #"{"type":"c"}"#, token: "a token for all")
            let id = try #require(made.string("id"))
            for (method, path) in [
                (HTTPRequest.Method.get, "/api/v1/tasks/\(id)"), (.delete, "/api/v1/tasks/\(id)"),
                (.post, "/api/v1/tasks/\(id)/retry"),
            ] {
                try await api.call(method, path).expectError(404, "not_found")
            }
            let task = try await api.call(.get, "/api/v1/tasks/\(id)", token: "a token for all")
            #expect(task.string("status") == "pending")
        }
    }

    @Test("Lists, types and statistics show only the token's types") func lists() async throws {
        try await Self.run { api in
            for type in ["a", "b", "c", "a", "b", "c"] {
                _ = try await api.call(
                    .post, "/api/v1/tasks", #"{"type":"\#(type)"}"#, token: "a token for all")
            }
            let list = try await api.call(.get, "/api/v1/tasks?limit=3")
            #expect(list.integer("total") == 4)
            #expect(list.elements("tasks").map { $0.string("type") } == ["b", "a", "b"])
            let rest = try await api.call(.get, "/api/v1/tasks?limit=3&offset=3")
            #expect(rest.elements("tasks").map { $0.string("type") } == ["a"])
            #expect(try await api.call(.get, "/api/v1/tasks?type=a").integer("total") == 2)
            try await api.call(.get, "/api/v1/tasks?type=c").expectError(403, "forbidden", field: "type")
            let beyond = try await api.call(.get, "/api/v1/tasks?offset=1000")
            #expect(beyond.raw("tasks") == "[]")
            #expect(beyond.integer("total") == 4)
            let types = try await api.call(.get, "/api/v1/types").elements("types")
            #expect(types.map { $0.string("type") } == ["a", "b"])
            let statistics = try await api.call(.get, "/api/v1/stats")
            #expect(statistics.integer("total_tasks") == 4)
            #expect(!statistics.text.contains(#""c""#))
            #expect(try await api.call(.post, "/api/v1/types/c/pause").status == 403)
            #expect(try await api.call(.post, "/api/v1/types/a/pause").status == 200)
        }
    }

    @Test("Unique keys of other types do not conflict") func uniqueKey() async throws {
        try await Self.run { api in
            let body = #","unique_key":"k"}"#
            _ = try await api.call(
                .post, "/api/v1/tasks", #"{"type":"c","payload":"secret"\#(body)"#, token: "a token for all")
            let reply = try await api.call(.post, "/api/v1/tasks", #"{"type":"a"\#(body)"#)
            #expect(reply.status == 201)
            #expect(reply.string("unique_key") == "k")
            let batch = try await api.call(
                .post, "/api/v1/tasks/batch", #"{"tasks":[{"type":"b"},{"type":"a"\#(body)]}"#)
            #expect(batch.status == 201)
            #expect(batch.elements("tasks").map { $0.string("type") } == ["b", "a"])
            #expect(batch.elements("tasks")[1].string("id") == reply.string("id"))
        }
    }

    @Test("An ID of another type's task is rejected before anything is accepted") func foreignID()
        async throws
    {
        try await Self.run { api in
            let made = try await api.call(
                .post, "/api/v1/tasks", #"{"type":"c","payload":"secret"}"#, token: "a token for all")
            let id = try #require(made.string("id"))
            let one = try await api.call(.post, "/api/v1/tasks", #"{"type":"a","id":"\#(id)"}"#)
            one.expectError(409, "id_taken", field: "id")
            let batch = try await api.call(
                .post, "/api/v1/tasks/batch", #"{"tasks":[{"type":"b"},{"type":"a","id":"\#(id)"}]}"#)
            batch.expectError(409, "id_taken", field: "tasks[1].id")
            #expect(!(one.text + batch.text).contains("secret"))
            #expect(try await api.call(.get, "/api/v1/tasks").integer("total") == 0)
            // The caller's own ID still works.
            let own = try #require(
                try await api.call(.post, "/api/v1/tasks", #"{"type":"a"}"#).string("id"))
            let again = try await api.call(.post, "/api/v1/tasks", #"{"type":"a","id":"\#(own)"}"#)
            #expect(again.status == 200 && again.string("id") == own)
        }
    }

    @Test("Concurrency keys are per token, and are shown as written") func concurrencyKeys()
        async throws
    {
        var configuration = ServerConfiguration()
        configuration.access.tokens = [
            AccessToken(name: "all", hash: TokenHash(of: "a token for all"), scopes: .admin),
            AccessToken(name: "some", hash: TokenHash(of: Self.token), scopes: .admin, types: ["a", "b"]),
            AccessToken(
                name: "shop", hash: TokenHash(of: "a token for a shop"), scopes: .admin, types: ["x", "y"],
                keyNamespace: "shop"),
            AccessToken(
                name: "shop-too", hash: TokenHash(of: "another token for the shop"), scopes: .admin,
                types: ["y"], keyNamespace: "shop"),
        ]
        try await TestAPI.run(configuration: configuration) { api in
            func submit(_ type: String, _ token: String) async throws -> APIReply {
                try await api.call(
                    .post, "/api/v1/tasks", #"{"type":"\#(type)","concurrency_key":"k"}"#, token: token)
            }
            _ = try await submit("c", "a token for all")
            _ = try await api.claim(type: "c")
            // Neither the queue-wide key nor the other type's parks it.
            for type in ["a", "b"] {
                let task = try await submit(type, Self.token)
                #expect(task.string("concurrency_key") == "k")
                _ = try await api.claim(type: type)
            }
            let parked = try await submit("a", Self.token)
            await #expect(throws: Unexpected.self) { try await api.claim(type: "a") }
            let id = try #require(parked.string("id"))
            let seen = try await api.call(.get, "/api/v1/tasks/\(id)")
            #expect(seen.string("pending_reason") == "parked")
            #expect(seen.string("concurrency_key") == "k")
            let whole = try await api.call(.get, "/api/v1/tasks/\(id)", token: "a token for all")
            #expect(whole.string("concurrency_key") == "a/k")
            let list = try await api.call(.get, "/api/v1/tasks?concurrency_key=k")
            #expect(list.elements("tasks").map { $0.string("type") } == ["a", "b", "a"])
            #expect(try await api.call(.get, "/api/v1/tasks?concurrency_key=k&type=b").integer("total") == 1)
            // Within a namespace a key applies across types and tokens.
            _ = try await submit("x", "a token for a shop")
            _ = try await api.claim(type: "x")
            let other = try await submit("y", "another token for the shop")
            #expect(other.string("concurrency_key") == "k")
            await #expect(throws: Unexpected.self) { try await api.claim(type: "y") }
        }
    }

    @Test("Listing by key covers all types, even with large payloads") func largeKeyList()
        async throws
    {
        try await Self.run { api in
            let payload = String(repeating: "x", count: 900_000)
            var ids: [String] = []
            for index in 0..<12 {
                let type = index % 3 == 0 ? "b" : "a"
                let body = #"{"type":"\#(type)","concurrency_key":"k","payload":"\#(payload)"}"#
                let made = try await api.call(.post, "/api/v1/tasks", body)
                ids.append(try #require(made.string("id"), "\(made.status)"))
            }
            var listed: [String] = []
            var next: String? = ""
            while let after = next {
                let page = try await api.call(.get, "/api/v1/tasks?concurrency_key=k&limit=12\(after)")
                #expect(page.status == 200)
                #expect(page.integer("total") == 12)
                let found = page.elements("tasks").compactMap { $0.string("id") }
                #expect(!found.isEmpty)
                listed += found
                next = found.isEmpty ? nil : page.string("next").map { "&after=\($0)" }
            }
            #expect(listed == ids.reversed())
            let last = try await api.call(.get, "/api/v1/tasks?concurrency_key=k&offset=11")
            #expect(last.elements("tasks").compactMap { $0.string("id") } == [ids[0]])
        }
    }

    @Test("A concurrency key that is too long with its prefix is rejected") func longKey()
        async throws
    {
        try await Self.run { api in
            let key = String(repeating: "k", count: 254)
            let fits = try await api.call(
                .post, "/api/v1/tasks", #"{"type":"a","concurrency_key":"\#(key)"}"#)
            #expect(fits.status == 201 && fits.string("concurrency_key") == key)
            let longer = try await api.call(
                .post, "/api/v1/tasks/batch", #"{"tasks":[{"type":"a","concurrency_key":"\#(key)k"}]}"#)
            longer.expectError(400, "invalid_field", field: "tasks[0].concurrency_key", says: "254")
            try await api.call(.post, "/api/v1/tasks", #"{"type":"a","concurrency_key":""}"#)
                .expectError(400, "invalid_field", field: "concurrency_key", says: "256")
        }
    }

    @Test("They cannot access the log level, and see only their own metrics") func wholeQueue()
        async throws
    {
        var configuration = ServerConfiguration()
        configuration.access.tokens = [
            AccessToken(name: "some", hash: TokenHash(of: Self.token), scopes: .admin, types: ["a", "b"])
        ]
        let metrics = PrometheusRegistry()
        try await TestAPI.run(
            configuration: configuration, metrics: metrics, logControl: LogControl(.info)
        ) { api in
            for type in ["a", "a2", "c"] { try await api.manager.submit(type, .null) }
            try await api.call(.get, "/api/v1/log-level").expectError(403, "forbidden", says: "whole queue")
            try await api.call(.put, "/api/v1/log-level", #"{"level":"trace"}"#).expectError(403, "forbidden")
            let text = try await api.call(.get, "/metrics").text
            #expect(text.contains(#"xqueue_tasks{type="a",status="pending"} 1"#))
            let series = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            #expect(!series.isEmpty && series.allSatisfy { $0.contains(#"type="a""#) }, "\(text)")
        }
    }

    @Test("Leases of other types are neither granted nor usable by ID")
    func leases() async throws {
        try await Self.run { api in
            for type in ["a", "c"] {
                _ = try await api.call(
                    .post, "/api/v1/tasks", #"{"type":"\#(type)"}"#, token: "a token for all")
            }
            try await api.call(.post, "/api/v1/leases", #"{"worker":"w","types":["a","c"]}"#)
                .expectError(403, "forbidden", field: "types[1]")
            let taken = try await api.call(
                .post, "/api/v1/leases", #"{"worker":"w","types":["a","c"],"max_tasks":2}"#,
                token: "a token for all")
            let leases = taken.elements("leases")
            let own = try #require(leases.first { $0.task?.string("type") == "a" }?.string("lease"))
            let foreign = try #require(leases.first { $0.task?.string("type") == "c" }?.string("lease"))

            let extended = try await api.call(.put, "/api/v1/leases/\(foreign)")
            #expect(extended.string("reason") == "lost")
            let reported = try await api.call(
                .post, "/api/v1/leases/\(foreign)/progress", #"{"progress":50}"#)
            #expect(reported.string("reason") == "lost")
            for verb in ["complete", "fail", "release"] {
                let body = verb == "fail" ? #"{"error":"no"}"# : nil
                try await api.call(.post, "/api/v1/leases/\(foreign)/\(verb)", body)
                    .expectError(409, "lease_lost")
            }
            let both = try await api.call(
                .put, "/api/v1/leases", #"{"leases":[{"lease":"\#(foreign)"},{"lease":"\#(own)"}]}"#)
            #expect(both.elements("leases").map { $0.string("reason") } == ["lost", nil])
            let ended = try await api.call(
                .post, "/api/v1/leases/complete",
                #"{"leases":[{"lease":"\#(foreign)"},{"lease":"\#(own)"}]}"#)
            #expect(ended.integer("lost") == 1)

            let end = try await api.call(
                .post, "/api/v1/leases/\(foreign)/complete", token: "a token for all")
            #expect(end.string("status") == "success")
        }
    }

    @Test("Streams show only the token's types", arguments: EventClient.Transport.allCases)
    func streams(transport: EventClient.Transport) async throws {
        var configuration = ServerConfiguration()
        configuration.access.tokens = [
            AccessToken(name: "some", hash: TokenHash(of: Self.token), scopes: .read, types: ["a"])
        ]
        try await LiveServer.run(configuration: configuration) { server in
            let headers = ["Authorization: Bearer \(Self.token)"]
            let other = try await server.follow(transport, "?type=b", headers: headers)
            #expect(await other.status() == 403)
            let stranger = try await server.follow(transport)
            #expect(await stranger.status() == 401)
            let client = try await server.follow(transport, headers: headers)
            try await client.hello()
            try await server.submit(type: "b")
            let ids = try await server.submit(type: "a")
            let event = try #require(await client.next())
            #expect(event.string("task_id") == ids[0].description)
        }
    }
}

extension TestAPI {
    /// Makes a request with a token.
    func call(
        _ method: HTTPRequest.Method, _ path: String, _ body: String? = nil,
        token: String = TypeLimitedTests.token
    ) async throws -> APIReply {
        try await send(
            method, path, body.map { ByteBuffer(string: $0) },
            headers: [.authorization: "Bearer \(token)", .contentType: "application/json"])
    }
}
