import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("Quotas of tokens") struct QuotaTests {
    private static func configuration(
        _ quota: TokenQuota, types: Set<String>? = nil
    ) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.access.tokens = [
            AccessToken(
                name: "bounded", hash: TokenHash(of: TypeLimitedTests.token), scopes: .admin, types: types,
                quota: quota),
            AccessToken(name: "free", hash: TokenHash(of: "a token for all"), scopes: .admin),
        ]
        return configuration
    }

    @Test("Types: no more are created than allowed, and deleted ones make room") func types() async throws {
        try await TestAPI.run(configuration: Self.configuration(TokenQuota(types: 2))) { api in
            func submit(_ type: String, _ token: String = TypeLimitedTests.token) async throws -> APIReply {
                try await api.call(.post, "/api/v1/tasks", #"{"type":"\#(type)"}"#, token: token)
            }
            for type in ["a", "b", "a"] { #expect(try await submit(type).status == 201) }
            try await submit("c").expectError(403, "type_quota_exceeded", field: "type", says: "quota is 2")
            let batch = try await api.call(
                .post, "/api/v1/tasks/batch", #"{"tasks":[{"type":"a"},{"type":"d"}]}"#)
            #expect(batch.status == 403)
            #expect(try await api.call(.get, "/api/v1/tasks").integer("total") == 3)
            // A type created by another token does not count.
            #expect(try await submit("c", "a token for all").status == 201)
            try await eventually("the type is seen") { try await submit("c").status == 201 }
            let claimed = try await api.claim(type: "b")
            try await api.settle(claimed, .success(nil))
            api.clock.advance(by: .seconds(100))
            _ = try await api.store.prune(Retention(age: .seconds(1), count: 0), limit: 10)
            _ = try await api.store.removeTypes(["b"], evenIfSet: false)
            try await eventually("there is room") { try await submit("d").status == 201 }
            try await submit("e").expectError(403, "type_quota_exceeded", field: "type")
        }
    }

    @Test("Pending tasks: never more than allowed, however many callers there are") func backlog()
        async throws
    {
        let configuration = Self.configuration(TokenQuota(backlog: 25), types: ["a", "b"])
        try await TestAPI.run(configuration: configuration) { api in
            let statuses = await withTaskGroup(of: Int.self) { group in
                for index in 0..<60 {
                    group.addTask {
                        let body = #"{"type":"\#(index % 2 == 0 ? "a" : "b")"}"#
                        return (try? await api.call(.post, "/api/v1/tasks", body).status) ?? 0
                    }
                }
                return await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            // Tasks in flight count as accepted, so a few more than necessary may be rejected, but never too few.
            let accepted = statuses[201, default: 0]
            #expect(1...25 ~= accepted && statuses[429] == 60 - accepted, "\(statuses)")
            for _ in accepted..<25 {
                try await eventually("there is room") {
                    try await api.call(.post, "/api/v1/tasks", #"{"type":"a"}"#).status == 201
                }
            }
            let full = try await api.call(
                .post, "/api/v1/tasks/batch", #"{"tasks":[{"type":"a"}]}"#)
            full.expectError(429, "quota_exceeded", says: "quota of token 'bounded' is 25")
            #expect(full.headers[.retryAfter] != nil)
            // Other tokens are not affected.
            let other = try await api.call(.post, "/api/v1/tasks", #"{"type":"c"}"#, token: "a token for all")
            #expect(other.status == 201)
            _ = try await api.claim(type: "a")
            try await eventually("there is room for one more") {
                try await api.call(.post, "/api/v1/tasks", #"{"type":"a"}"#).status == 201
            }
            #expect(try await api.store.types().reduce(0) { $0 + $1.counts[.pending] } == 26)
        }
    }

    @Test("Workers: limits names and waiting requests") func workers() async throws {
        try await TestAPI.run(configuration: Self.configuration(TokenQuota(workers: 2))) { api in
            func lease(_ worker: String, _ token: String = TypeLimitedTests.token) async throws -> APIReply {
                try await api.call(
                    .post, "/api/v1/leases", #"{"worker":"\#(worker)","types":["a"]}"#, token: token)
            }
            for worker in ["w1", "w2", "w1"] { #expect(try await lease(worker).status == 200) }
            try await lease("w3").expectError(429, "quota_exceeded", says: "2 workers")
            #expect(try await lease("w3", "a token for all").status == 200)
            #expect(try await api.call(.delete, "/api/v1/workers/w1").status == 200)
            #expect(try await lease("w4").status == 200)
        }
    }

    @Test(
        "Streams: limits concurrent ones, and frees a slot when one ends",
        arguments: EventClient.Transport.allCases)
    func streams(transport: EventClient.Transport) async throws {
        try await LiveServer.run(configuration: Self.configuration(TokenQuota(streams: 2))) { server in
            let headers = ["Authorization: Bearer \(TypeLimitedTests.token)"]
            let first = try await server.follow(transport, headers: headers)
            try await first.hello()
            let second = try await server.follow(transport, headers: headers)
            try await second.hello()
            let third = try await server.follow(transport, headers: headers)
            #expect(await third.status() == 429)
            #expect(await third.rejection().string("code") == "quota_exceeded")
            let other = try await server.follow(transport, headers: ["Authorization: Bearer a token for all"])
            try await other.hello()
            try await first.close()
            try await eventually("there is a place again") {
                let next = try await server.follow(transport, headers: headers)
                return await next.status() != 429
            }
        }
    }

    @Test("Sessions: a login ends the token's own oldest one, never another token's") func sessions()
        async throws
    {
        var configuration = Self.configuration(TokenQuota(sessions: 2)).access
        configuration.maxSessions = 3
        let access = AccessControl(configuration, clock: ManualClock())
        func head(_ secret: String) -> HTTPRequest {
            HTTPRequest(
                method: .get, scheme: "http", authority: "localhost", path: "/",
                headerFields: [.cookie: "xqueue_session=\(secret)"])
        }
        func isIn(_ secret: String) async -> Bool {
            (try? await access.admit(head(secret), to: .read)) != nil
        }
        let bounded = try await access.bearer(TypeLimitedTests.token)
        let free = try await access.bearer("a token for all")
        let own = try (0..<3).map { _ in try access.openSession(for: bounded).secret }
        #expect(await !isIn(own[0]))
        for secret in own[1...] { #expect(await isIn(secret)) }
        let other = try access.openSession(for: free).secret
        for secret in own[1...] + [other] { #expect(await isIn(secret)) }
        // At the total limit, each token makes room among its own.
        let again = try access.openSession(for: free).secret
        for secret in own[1...] + [again] { #expect(await isIn(secret)) }
        #expect(await !isIn(other))

        configuration.maxSessions = 2
        let full = AccessControl(configuration, clock: ManualClock())
        _ = try full.openSession(for: bounded)
        _ = try full.openSession(for: bounded)
        do throws(AccessRejection) {
            _ = try full.openSession(for: free)
            Issue.record("a session of another token was ended")
        } catch {
            #expect(error.reply.status == .tooManyRequests)
        }
    }
}
