import HTTPTypes
import Testing
import XQueueCore

@testable import XQueueServer

@Suite("Paths and methods") struct RoutingTests {
    @Test(
        "An unknown path is 404",
        arguments: [
            "/api", "/api/v2", "/api/v2/tasks", "/api/v1/tasks/a/b", "/api/v1/types/a/b", "/API/v1/tasks",
            "/x",
        ])
    func unknown(path: String) async throws {
        try await TestAPI.run { api in
            for method in [HTTPRequest.Method.get, .post, .options] {
                try await api.send(method, path).expectError(404, "not_found", says: path)
            }
        }
    }

    static let id = TaskID(high: 1, low: 1).description

    @Test(
        "A known path with another method is 405 and lists the allowed ones",
        arguments: [
            ("/", "PUT", "GET, HEAD, OPTIONS"),
            ("/api/v1/tasks", "PUT", "POST, GET, HEAD, OPTIONS"),
            ("/api/v1/tasks", "DELETE", "POST, GET, HEAD, OPTIONS"),
            ("/api/v1/tasks/\(id)", "PUT", "GET, PATCH, DELETE, HEAD, OPTIONS"),
            ("/api/v1/tasks/\(id)/retry", "GET", "POST, OPTIONS"),
            ("/api/v1/tasks/\(id)/retry", "HEAD", "POST, OPTIONS"),
            ("/api/v1/stats", "POST", "GET, HEAD, OPTIONS"),
            ("/api/v1/health", "BREW", "GET, HEAD, OPTIONS"),
            ("/api/v1/types", "POST", "GET, HEAD, OPTIONS"),
            ("/api/v1/types/a", "GET", "DELETE, OPTIONS"),
            ("/api/v1/types/a/pause", "GET", "POST, OPTIONS"),
            ("/api/v1/types/a/limit", "POST", "PUT, OPTIONS"),
            ("/api/v1/types/a/resume", "PUT", "POST, OPTIONS"),
        ])
    func otherMethod(path: String, method: String, allow: String) async throws {
        try await TestAPI.run { api in
            let method = try #require(HTTPRequest.Method(rawValue: method))
            let reply = try await api.send(method, path)
            #expect(reply.status == 405)
            #expect(reply.headers[.allow] == allow)
            if method == .head {
                #expect(reply.text.isEmpty)
            } else {
                reply.expectError(405, "method_not_allowed", says: method.rawValue)
            }
            let options = try await api.send(.options, path)
            #expect(options.status == 204)
            #expect(options.headers[.allow] == allow)
            #expect(options.text.isEmpty)
            #expect(options.headers[.contentLength] == nil)
        }
    }

    @Test("Streams are recognized on stream routes only")
    func streams() throws {
        let routes = Routes.all.filter(\.isStream)
        #expect(routes.map(\.path.text) == ["/api/v1/events"])
        func asks(
            _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields, among routes: [Route]
        ) -> EventRequest.Transport? {
            var head = HTTPRequest(method: method, scheme: "http", authority: "a", path: path)
            head.headerFields = headers
            return EventRequest.stream(requestedBy: head, among: routes)?.transport
        }
        let (feed, socket): (HTTPFields, HTTPFields) = (
            [.accept: "text/event-stream"], [.upgrade: "websocket"]
        )
        for path in ["/api/v1/events", "/api/v1/events?type=a", "//api/v1/events/"] {
            #expect(asks(.get, path, feed, among: routes) == .feed)
            #expect(asks(.get, path, socket, among: routes) == .socket)
            #expect(asks(.get, path, [:], among: routes) == nil)
            #expect(asks(.post, path, feed, among: routes) == nil)
            #expect(asks(.get, path, feed, among: []) == nil)
        }
        #expect(asks(.get, "/api/v1/tasks", feed, among: routes) == nil)
    }

    @Test("batch is a path of its own, not a task ID") func batch() async throws {
        try await TestAPI.run { api in
            let reply = try await api.get("/api/v1/tasks/batch")
            #expect(reply.status == 405)
            #expect(reply.headers[.allow] == "POST, OPTIONS")
        }
    }

    @Test(
        "HEAD is GET without the body", arguments: ["/", "/api/v1/tasks", "/api/v1/health", "/api/v1/types"])
    func head(path: String) async throws {
        try await TestAPI.run { api in
            let get = try await api.get(path)
            let head = try await api.send(.head, path)
            #expect(head.status == get.status)
            #expect(head.text.isEmpty)
            #expect(head.headers[.contentLength] == String(get.text.utf8.count))
            #expect(head.headers[.contentType] == get.headers[.contentType])
        }
    }

    @Test("Doubled and trailing slashes do not matter") func slashes() async throws {
        try await TestAPI.run { api in
            let id = try await api.makeTask()
            #expect(try await api.get("/api/v1/tasks/").integer("total") == 1)
            #expect(try await api.get("//api//v1/tasks/\(id)/").string("id") == id.description)
        }
    }

    @Test("An unexpected error is 500, without details") func unexpected() async throws {
        let broken = Route(.get, "/broken", .public) { _, _ in throw Unexpected("a secret") }
        try await TestAPI.run(routes: [broken]) { api in
            let reply = try await api.get("/broken")
            #expect(reply.status == 500)
            #expect(reply.text == #"{"error":"internal error","code":"internal"}"#)
        }
    }
}
