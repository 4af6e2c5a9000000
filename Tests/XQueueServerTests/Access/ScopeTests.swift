import HTTPTypes
import Testing

@testable import XQueueServer

@Suite("Scopes of routes")
struct ScopeTests {
    static let scopes = AccessScopes.words

    /// A server with a token for each scope, named like the scope.
    static var locked: ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.access.tokens = scopes.map {
            AccessToken(name: $0.name, hash: TokenHash(of: token($0.name)), scopes: $0.scope)
        }
        return configuration
    }

    static func token(_ name: String) -> String { "a token for \(name)" }

    /// A path that matches a route's pattern.
    private static func path(of route: Route) -> String {
        route.path.text
            .replacing("{id}", with: "0199d4f0-0000-7000-8000-000000000001")
            .replacing("{file}", with: "app.js")
            .replacing(/\{[^}]*\}/, with: "a")
    }

    @Test("Each route admits exactly the callers with its scope", arguments: scopes.map(\.name))
    func walk(name: String) async throws {
        let scope = try #require(AccessScopes(word: name))
        try await TestAPI.run(configuration: Self.locked) { api in
            for route in Routes.all {
                let reply = try await api.send(
                    route.method, Self.path(of: route),
                    headers: [.authorization: "Bearer \(Self.token(name))"])
                let place: Comment = "\(route.method) \(route.path.text) with \(name): \(reply.text)"
                guard let needed = route.scope.needed, !scope.isSuperset(of: needed) else {
                    #expect(reply.status != 401 && reply.status != 403, place)
                    continue
                }
                #expect(reply.status == 403, place)
                #expect(reply.string("code") == "forbidden", place)
                #expect(reply.string("error")?.contains("'\(route.scope.rawValue)'") == true, place)
                let challenge = reply.headers[.wwwAuthenticate] ?? ""
                #expect(challenge.hasPrefix("Bearer "), place)
                #expect(
                    challenge.contains(#"error="insufficient_scope", scope="\#(route.scope.rawValue)""#),
                    place)
            }
        }
    }

    @Test("Without a valid token only public routes are accessible")
    func strangers() async throws {
        try await TestAPI.run(configuration: Self.locked) { api in
            let wrong: [HTTPFields] = [
                [:], [.authorization: "Bearer nonsense"], [.authorization: "Basic YTpi"],
                [.cookie: "xqueue_session=nonsense"],
            ]
            for route in Routes.all {
                for headers in wrong {
                    let reply = try await api.send(route.method, Self.path(of: route), headers: headers)
                    let place: Comment = "\(route.method) \(route.path.text) \(headers): \(reply.text)"
                    guard route.scope != .public else {
                        #expect(reply.status != 401, place)
                        continue
                    }
                    #expect(reply.status == 401, place)
                    #expect(reply.string("code") == "unauthorized", place)
                    #expect(reply.headers[.wwwAuthenticate]?.hasPrefix("Bearer ") == true, place)
                }
            }
        }
    }

    @Test("A server without tokens admits every caller") func open() async throws {
        try await TestAPI.run { api in
            for route in Routes.all {
                let reply = try await api.send(route.method, Self.path(of: route))
                #expect(reply.status != 401 && reply.status != 403, "\(route.path.text): \(reply.text)")
            }
        }
    }

    @Test("Only these routes are public") func publicRoutes() {
        let open = Routes.all.filter { $0.scope == .public }.map { "\($0.method) \($0.path.text)" }
        #expect(
            Set(open).isSubset(of: [
                "GET /", "GET /console/{file}", "GET /api/v1", "GET /livez", "GET /readyz",
                "GET /api/v1/health", "GET /api/v1/session",
                "POST /api/v1/session", "DELETE /api/v1/session", "GET /api/v1/openapi.json",
            ]))
    }

    @Test("Health shows anonymous callers only the overall status") func health() async throws {
        try await TestAPI.run(configuration: Self.locked) { api in
            let stranger = try await api.get("/api/v1/health")
            #expect(stranger.status == 200)
            #expect(stranger.memberNames == ["status", "timestamp"])
            let reader = try await api.send(
                .get, "/api/v1/health", headers: [.authorization: "Bearer \(Self.token("read"))"])
            #expect(reader.memberNames.contains("checks"))
        }
    }
}
