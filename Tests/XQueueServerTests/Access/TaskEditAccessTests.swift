import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

@Suite("Editing tasks with tokens limited to task types") struct TaskEditAccessTests {
    private static let whole = "a token for all"
    private static let shop = "a token for a shop"

    private static func run(_ body: @Sendable (TestAPI) async throws -> Void) async throws {
        var configuration = ServerConfiguration()
        configuration.access.tokens = [
            AccessToken(name: "all", hash: TokenHash(of: whole), scopes: .admin),
            AccessToken(
                name: "some", hash: TokenHash(of: TypeLimitedTests.token), scopes: .admin, types: ["a", "b"]),
            AccessToken(
                name: "shop", hash: TokenHash(of: shop), scopes: .admin, types: ["a"], keyNamespace: "shop"),
            AccessToken(name: "reader", hash: TokenHash(of: "a reader's"), scopes: .read),
        ]
        try await TestAPI.run(configuration: configuration) { try await body($0) }
    }

    private static func make(
        _ api: TestAPI, _ task: String, token: String = TypeLimitedTests.token
    ) async throws -> String {
        let made = try await api.call(.post, "/api/v1/tasks", task, token: token)
        return try #require(made.string("id"), "\(made.text)")
    }

    private static func storedKey(_ api: TestAPI, _ id: String) async throws -> String? {
        try await api.store.task(try #require(TaskID(id)))?.concurrency?.key
    }

    @Test("Tasks of other types are not found, whatever their status and version") func foreign() async throws
    {
        try await Self.run { api in
            let running = try await Self.make(api, #"{"type":"c"}"#, token: Self.whole)
            _ = try await api.claim(type: "c")
            let pending = try await Self.make(api, #"{"type":"c"}"#, token: Self.whole)
            for id in [running, pending] {
                for version in ["*", "\"1\"", "\"7\""] {
                    let reply = try await api.send(
                        .patch, "/api/v1/tasks/\(id)", ByteBuffer(string: #"{"priority":1}"#),
                        headers: [.authorization: "Bearer \(TypeLimitedTests.token)", .ifMatch: version])
                    reply.expectError(404, "not_found", says: "no such task: \(id)")
                }
            }
            let task = try await api.call(.get, "/api/v1/tasks/\(pending)", token: Self.whole)
            #expect(task.integer("version") == 1)
        }
    }

    @Test("Reading is not enough") func scope() async throws {
        try await Self.run { api in
            let id = try await Self.make(api, #"{"type":"a"}"#)
            try await api.call(.patch, "/api/v1/tasks/\(id)", "{}", token: "a reader's")
                .expectError(403, "forbidden", says: "submit")
            #expect(try await api.call(.patch, "/api/v1/tasks/\(id)", "{}").status == 200)
        }
    }

    @Test("The key's prefix stays, and new keys get it") func prefix() async throws {
        try await Self.run { api in
            let id = try await Self.make(api, #"{"type":"a","concurrency_key":"k","max_concurrency":2}"#)
            let path = "/api/v1/tasks/\(id)"
            #expect(try await Self.storedKey(api, id) == "a/k")
            let other = try await api.call(.patch, path, #"{"priority":1}"#)
            #expect(other.string("concurrency_key") == "k" && other.raw("max_concurrency") == "2")
            #expect(try await Self.storedKey(api, id) == "a/k")
            #expect(try await api.call(.patch, path, #"{"concurrency_key":"k"}"#).status == 200)
            #expect(try await Self.storedKey(api, id) == "a/k", "the same key, not a second prefix")
            let new = try await api.call(.patch, path, #"{"concurrency_key":"a/k"}"#)
            #expect(new.string("concurrency_key") == "a/k")
            #expect(try await Self.storedKey(api, id) == "a/a/k")
            try await api.call(
                .patch, path, #"{"concurrency_key":"\#(String(repeating: "k", count: 255))"}"#
            ).expectError(400, "invalid_field", field: "concurrency_key", says: "254 bytes")
            #expect(try await Self.storedKey(api, id) == "a/a/k")
            // Without a prefix of one's own the stored key is the key.
            let whole = try await api.call(.patch, path, #"{"concurrency_key":"b/k"}"#, token: Self.whole)
            #expect(whole.string("concurrency_key") == "b/k")
        }
    }

    @Test("A key of another token's stays as it is until it is replaced") func others() async throws {
        try await Self.run { api in
            let id = try await Self.make(api, #"{"type":"a","concurrency_key":"k"}"#, token: Self.whole)
            let path = "/api/v1/tasks/\(id)"
            let seen = try await api.call(.patch, path, #"{"priority":1}"#)
            #expect(seen.string("concurrency_key") == "k")
            #expect(try await Self.storedKey(api, id) == "k")
            let named = try await api.call(.patch, path, #"{"concurrency_key":"k2"}"#)
            #expect(named.string("concurrency_key") == "k2")
            #expect(try await Self.storedKey(api, id) == "a/k2")
            let spaced = try await api.call(.patch, path, #"{"priority":2}"#, token: Self.shop)
            #expect(spaced.string("concurrency_key") == "a/k2", "not of this namespace")
            #expect(try await Self.storedKey(api, id) == "a/k2")
            _ = try await api.call(.patch, path, #"{"concurrency_key":"k2"}"#, token: Self.shop)
            #expect(try await Self.storedKey(api, id) == "@shop/k2")
        }
    }

    @Test("A key of another token's with another limit is a key of one's own") func otherLimit() async throws
    {
        try await Self.run { api in
            let id = try await Self.make(
                api, #"{"type":"a","concurrency_key":"k","max_concurrency":2}"#, token: Self.whole)
            let path = "/api/v1/tasks/\(id)"
            #expect(try await api.call(.patch, path, #"{"max_concurrency":2}"#).status == 200)
            #expect(try await Self.storedKey(api, id) == "k")
            let reply = try await api.call(.patch, path, #"{"max_concurrency":1000}"#)
            #expect(reply.string("concurrency_key") == "k" && reply.raw("max_concurrency") == "1000")
            #expect(try await Self.storedKey(api, id) == "a/k")
            let byType = try await Self.make(api, #"{"type":"a","max_concurrency":2}"#)
            let more = try await api.call(.patch, "/api/v1/tasks/\(byType)", #"{"max_concurrency":3}"#)
            #expect(more.raw("max_concurrency") == "3")
            #expect(try await Self.storedKey(api, byType) == "a", "everybody's")
        }
    }

    @Test("A limit without a key is the type's, as of a submission") func typeKey() async throws {
        try await Self.run { api in
            let id = try await Self.make(api, #"{"type":"a","concurrency_key":"k","max_concurrency":2}"#)
            let reply = try await api.call(.patch, "/api/v1/tasks/\(id)", #"{"concurrency_key":null}"#)
            #expect(reply.string("concurrency_key") == "a" && reply.raw("max_concurrency") == "2")
            let submitted = try await Self.make(api, #"{"type":"a","max_concurrency":2}"#)
            #expect(try await Self.storedKey(api, id) == (try await Self.storedKey(api, submitted)))
        }
    }
}
