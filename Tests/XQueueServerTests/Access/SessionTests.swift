import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("Console sessions")
struct SessionTests {
    private static let site = HTTPField.Name("Sec-Fetch-Site")

    private static func logIn(_ api: TestAPI, _ token: String = ScopeTests.token("admin")) async throws
        -> String
    {
        let reply = try await api.post("/api/v1/session", #"{"token":"\#(token)"}"#)
        let cookie = try #require(reply.headers[.setCookie], "\(reply.text)")
        return String(cookie.prefix { $0 != ";" })
    }

    private static func pause(_ api: TestAPI, _ headers: HTTPFields) async throws -> APIReply {
        try await api.send(.post, "/api/v1/types/a/pause?create=true", headers: headers)
    }

    @Test("A token is exchanged for a cookie hidden from scripts") func cookie() async throws {
        try await TestAPI.run(configuration: ScopeTests.locked) { api in
            let reply = try await api.post("/api/v1/session", #"{"token":"\#(ScopeTests.token("read"))"}"#)
            #expect(reply.status == 200)
            #expect(reply.raw("scopes") == #"["read"]"#)
            let cookie = reply.headers[.setCookie] ?? ""
            for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
                #expect(cookie.contains("; \(part)"), "\(cookie)")
            }
            #expect(!cookie.contains(ScopeTests.token("read")))
            #expect(!cookie.contains("Secure"))
            let session = String(cookie.prefix { $0 != ";" })
            #expect(
                try await api.send(.get, "/api/v1/stats", headers: [.cookie: "a=b; \(session)"]).status == 200
            )
            #expect(try await Self.pause(api, [.cookie: session, Self.site!: "same-origin"]).status == 403)
        }
    }

    @Test("Behind a TLS proxy the cookie is Secure") func secure() async throws {
        try await TestAPI.run(configuration: ScopeTests.locked) { api in
            let reply = try await api.send(
                .post, "/api/v1/session", ByteBuffer(string: #"{"token":"\#(ScopeTests.token("read"))"}"#),
                headers: [HTTPField.Name("X-Forwarded-Proto")!: "https"])
            #expect(reply.headers[.setCookie]?.hasSuffix("; Secure") == true)
        }
    }

    @Test("An invalid token opens no session") func wrongToken() async throws {
        try await TestAPI.run(configuration: ScopeTests.locked) { api in
            let reply = try await api.post("/api/v1/session", #"{"token":"nonsense"}"#)
            reply.expectError(401, "unauthorized")
            #expect(reply.headers[.setCookie] == nil)
        }
    }

    @Test("Pages of other origins cannot use the cookie") func forgery() async throws {
        try await TestAPI.run(configuration: ScopeTests.locked) { api in
            let session = try await Self.logIn(api)
            let host = "localhost"
            let refused: [HTTPFields] = [
                [:], [Self.site!: "cross-site"], [Self.site!: "same-site", .origin: "http://\(host)"],
                [.origin: "http://evil.example"], [.origin: "null"],
            ]
            for var headers in refused {
                headers[.cookie] = session
                let reply = try await Self.pause(api, headers)
                reply.expectError(403, "foreign_origin")
            }
            let own = try await Self.pause(api, [.cookie: session, Self.site!: "same-origin"])
            #expect(own.status == 200, "\(own.text)")
            // Browsers do not attach tokens by themselves.
            let token = "Bearer \(ScopeTests.token("admin"))"
            #expect(
                try await Self.pause(api, [.authorization: token, .origin: "http://evil.example"]).status
                    == 200)
        }
    }

    @Test("Logging out ends the session immediately") func logOut() async throws {
        try await TestAPI.run(configuration: ScopeTests.locked) { api in
            let session = try await Self.logIn(api)
            let reply = try await api.send(
                .delete, "/api/v1/session", headers: [.cookie: session, Self.site!: "same-origin"])
            #expect(reply.headers[.setCookie]?.contains("Max-Age=0") == true)
            #expect(try await api.send(.get, "/api/v1/stats", headers: [.cookie: session]).status == 401)
        }
    }

    @Test("Without tokens, pages of other origins can change nothing either") func openServer()
        async throws
    {
        try await TestAPI.run { api in
            let foreign = try await Self.pause(api, [.origin: "http://evil.example"])
            foreign.expectError(403, "foreign_origin")
            let crossSite = try await Self.pause(api, [Self.site!: "cross-site"])
            crossSite.expectError(403, "foreign_origin")
            let program = try await Self.pause(api, [:])
            #expect(program.status == 200)
        }
    }

    // MARK: - AccessControl alone

    private static func head(_ headers: HTTPFields) -> HTTPRequest {
        HTTPRequest(method: .get, scheme: "http", authority: "localhost", path: "/", headerFields: headers)
    }

    private static func cookie(_ secret: String) -> HTTPFields { [.cookie: "xqueue_session=\(secret)"] }

    @Test("A session ends by age, with its token, and when too many are open") func ends() async throws {
        let clock = ManualClock()
        var configuration = ScopeTests.locked.access
        configuration.maxSessions = 20
        let access = AccessControl(configuration, clock: clock)
        let caller = try await access.bearer(ScopeTests.token("read"))
        let secrets = try (0..<3).map { _ in try access.openSession(for: caller).secret }
        await #expect(throws: AccessRejection.self) {
            try await access.admit(Self.head(Self.cookie(secrets[0])), to: .read)
        }
        let stream = Self.head(Self.cookie(secrets[1]))
        #expect(try await access.admit(stream, to: .read).name == "read")
        #expect(access.stillHolds(caller, stream))

        clock.advance(by: configuration.sessionLifetime)
        await #expect(throws: AccessRejection.self) { try await access.admit(stream, to: .read) }
        #expect(!access.stillHolds(caller, stream))

        let again = try access.openSession(for: caller).secret
        configuration.tokens.removeAll { $0.name == "read" }
        access.replace(configuration)
        await #expect(throws: AccessRejection.self) {
            try await access.admit(Self.head(Self.cookie(again)), to: .read)
        }
        await #expect(throws: AccessRejection.self) { try await access.bearer(ScopeTests.token("read")) }
        #expect(try await access.bearer(ScopeTests.token("submit")).name == "submit")
    }

    @Test("Tokens rotate: the old and the new one are valid simultaneously") func rotation() async throws {
        var configuration = ScopeTests.locked.access
        let access = AccessControl(configuration)
        configuration.tokens.append(
            AccessToken(name: "new", hash: TokenHash(of: "the next one"), scopes: .admin))
        access.replace(configuration)
        #expect(try await access.bearer(ScopeTests.token("admin")).name == "admin")
        #expect(try await access.bearer("the next one").name == "new")
    }

    @Test("Requests beyond a token's rate limit are 429 until it refills") func rateLimit() async throws {
        let clock = ManualClock()
        var configuration = ScopeTests.locked.access
        configuration.rateLimit = 2
        configuration.rateBurst = 3
        let access = AccessControl(configuration, clock: clock)
        let head = Self.head([.authorization: "Bearer \(ScopeTests.token("read"))"])
        for _ in 0..<3 { _ = try await access.admit(head, to: .read) }
        do throws(AccessRejection) {
            _ = try await access.admit(head, to: .read)
            Issue.record("the fourth request was admitted")
        } catch {
            #expect(error.reply.status == .tooManyRequests)
            #expect(error.reply.headers[.retryAfter] == "1")
            #expect(error.error.code == .rateLimited)
        }
        // Other tokens have their own buckets.
        _ = try await access.admit(
            Self.head([.authorization: "Bearer \(ScopeTests.token("admin"))"]), to: .read)
        clock.advance(by: .milliseconds(500))
        _ = try await access.admit(head, to: .read)
        await #expect(throws: AccessRejection.self) { try await access.admit(head, to: .read) }
    }

    @Test("The limit is reported over HTTP, and requests beyond it have no effect")
    func rateLimitOverHTTP() async throws {
        var configuration = ServerConfiguration()
        configuration.access.tokens = ["quick", "other"].map {
            AccessToken(name: $0, hash: TokenHash(of: $0), scopes: .admin)
        }
        configuration.access.rateLimit = 1
        configuration.access.rateBurst = 2
        try await TestAPI.run(configuration: configuration) { api in
            for _ in 1...2 {
                #expect(
                    try await api.call(.post, "/api/v1/tasks", #"{"type":"a"}"#, token: "quick").status == 201
                )
            }
            let reply = try await api.call(.post, "/api/v1/tasks", #"{"type":"a"}"#, token: "quick")
            reply.expectError(429, "rate_limited")
            #expect(reply.headers[.retryAfter] == "1")
            #expect(try await api.call(.get, "/api/v1/tasks", token: "other").integer("total") == 2)
            api.clock.advance(by: .seconds(1))
            #expect(try await api.call(.get, "/api/v1/tasks", token: "quick").status == 200)
        }
    }

    @Test("The buckets of callers are bounded") func bucketBound() {
        var buckets = TokenBuckets(rate: 1, burst: 5)
        let now = MonotonicInstant(nanoseconds: 0)
        for number in 0..<(TokenBuckets.maxBuckets + 500) { _ = buckets.take("caller \(number)", at: now) }
        #expect(buckets.count <= TokenBuckets.maxBuckets)
        #expect(buckets.take("caller \(TokenBuckets.maxBuckets + 499)", at: now) == nil)
    }

    @Test("A hash is written as sha256sum writes it") func hashes() {
        let hash = TokenHash(of: "abc")
        #expect(hash.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(TokenHash(hex: hash.hex.uppercased()) == hash)
        #expect(TokenHash(hex: String(hash.hex.dropLast())) == nil)
        #expect(TokenHash(hex: "+" + hash.hex.dropFirst()) == nil)
        #expect(TokenHash(of: "abd") != hash)
        #expect(Set((0..<100).map { _ in RandomSecret.make() }).count == 100)
        #expect(RandomSecret.make(prefix: "xq_").utf8.count == 46)
    }
}
