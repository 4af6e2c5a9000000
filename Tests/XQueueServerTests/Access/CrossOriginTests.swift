import HTTPTypes
import Testing

@testable import XQueueServer

@Suite("Cross-origin pages")
struct CrossOriginTests {
    private static let asked = HTTPField.Name.accessControlRequestMethod
    private static let page = "https://app.example.com"

    private static var configuration: ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.allowedOrigins = [page]
        return configuration
    }

    @Test("No origin is allowed by default") func off() async throws {
        try await TestAPI.run { api in
            let reply = try await api.send(.get, "/api/v1/stats", headers: [.origin: Self.page])
            #expect(reply.headers[.accessControlAllowOrigin] == nil)
            let preflight = try await api.send(
                .options, "/api/v1/tasks", headers: [.origin: Self.page, Self.asked: "POST"])
            #expect(preflight.status == 204)
            #expect(preflight.headers[.accessControlAllowOrigin] == nil)
        }
    }

    @Test("A preflight lists what an allowed page may send") func preflight() async throws {
        try await TestAPI.run(configuration: Self.configuration) { api in
            let reply = try await api.send(
                .options, "/api/v1/tasks", headers: [.origin: Self.page, Self.asked: "POST"])
            #expect(reply.status == 204)
            #expect(reply.headers[.accessControlAllowOrigin] == Self.page)
            #expect(reply.headers[.accessControlAllowMethods]?.contains("POST") == true)
            #expect(reply.headers[.accessControlAllowHeaders]?.contains("Authorization") == true)
            #expect(reply.headers[.accessControlAllowHeaders]?.contains("If-Match") == true)
            #expect(reply.headers[.accessControlAllowCredentials] == nil)
            #expect(reply.headers[.vary] == "Origin")
            let other = try await api.send(
                .options, "/api/v1/tasks", headers: [.origin: "https://evil.example", Self.asked: "POST"])
            #expect(other.headers[.accessControlAllowOrigin] == nil)
        }
    }

    @Test("Allowed pages may read replies and errors") func answers() async throws {
        try await TestAPI.run(configuration: Self.configuration) { api in
            for path in ["/api/v1/stats", "/api/v1/nowhere"] {
                let reply = try await api.send(.get, path, headers: [.origin: Self.page])
                #expect(reply.headers[.accessControlAllowOrigin] == Self.page)
                #expect(reply.headers[.accessControlExposeHeaders]?.contains("ETag") == true)
            }
            #expect(
                try await api.send(.post, "/api/v1/types/a/pause?create=true", headers: [.origin: Self.page])
                    .status
                    == 200)
            let evil = try await api.send(
                .post, "/api/v1/types/a/pause", headers: [.origin: "https://evil.example"])
            #expect(evil.status == 403)
        }
    }

    @Test("Only allowed pages may follow events") func streams() async throws {
        try await LiveServer.run(configuration: Self.configuration) { server in
            let feed = try await server.follow(.feed, headers: ["Origin: \(Self.page)"])
            #expect(await feed.status() == 200)
            #expect(await feed.head.contains("Access-Control-Allow-Origin: \(Self.page)"))
            #expect(await (try server.follow(.socket, headers: ["Origin: \(Self.page)"])).status() == 101)
            #expect(
                await (try server.follow(.socket, headers: ["Origin: https://evil.example"])).status() == 403)
        }
    }
}
