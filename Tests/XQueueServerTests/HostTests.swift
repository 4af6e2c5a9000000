import HTTPTypes
import NIOCore
import Testing
import XQueueCore

@testable import XQueueServer

@Suite("Host") struct HostTests {
    private static func request(_ host: String, _ path: String = "/api/v1/stats", _ more: String = "")
        -> String
    {
        "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\(more)\r\n"
    }

    @Test("Without tokens, a server on the loopback interface requires one of its own names as Host")
    func rebinding() async throws {
        var configuration = ServerConfiguration()
        configuration.hosts = ["Queue.example", "[2001:db8::1]"]
        try await LiveServer.run(configuration: configuration) { server in
            let own = [
                "localhost", "LOCALHOST:80", "127.0.0.1", "127.0.0.1:\(server.port)", "127.255.3.4", "[::1]",
                "[::1]:8080", "queue.example", "queue.example:443", "[2001:db8::1]:1", "",
            ]
            let foreign = [
                "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.256", "127.1",
                "128.0.0.1", "0.0.0.0", "[::2]", "[::1].evil.example", "localhost:80:80", "x@localhost",
                "queue.example.evil.example", "\(server.port)",
            ]
            let connection = try await server.connect()
            for host in own {
                try await connection.send(Self.request(host))
                #expect(await connection.reply()?.status == 200, "\(host)")
            }
            for host in foreign {
                for path in ["/", "/api/v1/stats", "/livez", "/metrics"] {
                    try await connection.send(Self.request(host, path))
                    let reply = try #require(await connection.reply())
                    #expect(reply.status == 421, "\(host)")
                    #expect(
                        reply.body.contains(#""code":"unknown_host""#) && reply.body.contains("server.hosts"))
                }
            }
        }
    }

    @Test("The same applies to event streams", arguments: EventClient.Transport.allCases)
    func streams(transport: EventClient.Transport) async throws {
        try await LiveServer.run { server in
            let foreign = try await server.follow(transport, headers: ["X-A: b\r\nHost: evil.example"])
            // Two of them.
            #expect(await foreign.status() == 400)
            let own = try await server.follow(transport)
            try await own.hello()
        }
        var configuration = ServerConfiguration()
        configuration.host = "0.0.0.0"
        configuration.hosts = ["queue.example"]
        try await LiveServer.run(configuration: configuration) { server in
            let connection = try await server.connect()
            let words = transport == .feed ? "Accept: text/event-stream\r\n" : "Upgrade: websocket\r\n"
            try await connection.send(Self.request("evil.example", "/api/v1/events", words))
            #expect(await connection.reply()?.status == 421)
        }
    }

    @Test("A server with tokens, or reachable by other machines, accepts any Host") func open()
        throws
    {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "any.example", path: "/")
        var configuration = ServerConfiguration()
        #expect(throws: (any Error).self) { try HostRule(configuration).check(head, isLocked: false) }
        try HostRule(configuration).check(head, isLocked: true)
        for host in ["0.0.0.0", "192.0.2.7", "queue.example", "::"] {
            configuration.host = host
            try HostRule(configuration).check(head, isLocked: false)
        }
        for host in ["localhost", "127.0.0.9", "::1"] {
            configuration.host = host
            #expect(throws: (any Error).self) { try HostRule(configuration).check(head, isLocked: false) }
        }
    }

    @Test("A missing or second Host is 400; HTTP/1.0 needs none") func count() async throws {
        try await LiveServer.run { server in
            let requests = [
                ("GET /livez HTTP/1.1\r\n\r\n", 400),
                ("GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
                ("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\nhost: evil.example\r\n\r\n", 400),
                ("GET /nowhere HTTP/1.1\r\n\r\n", 400), ("GET /livez HTTP/1.0\r\n\r\n", 200),
                ("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200),
                ("GET /livez HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400),
            ]
            for (request, status) in requests {
                let connection = try await server.connect()
                try await connection.send(request)
                #expect(await connection.reply()?.status == status, "\(request)")
                try? await connection.close()
            }
        }
    }
}

@Suite("Compressed bodies, and empty ones of any type") struct BodyTypeTests {
    @Test(
        "A Content-Encoding is 415, except identity or with an empty body",
        arguments: ["gzip", "GZIP", "br", "identity, gzip"])
    func packed(encoding: String) async throws {
        try await TestAPI.run { api in
            let headers: HTTPFields = [.contentType: "application/json", .contentEncoding: encoding]
            for (method, path) in [
                (HTTPRequest.Method.post, "/api/v1/tasks"), (.put, "/api/v1/types/a/limit"),
            ] {
                let reply = try await api.send(
                    method, path, ByteBuffer(string: #"{"type":"a"}"#), headers: headers)
                reply.expectError(415, "unsupported_media_type", says: "Content-Encoding")
            }
            let plain: HTTPFields = [.contentType: "application/json", .contentEncoding: "identity"]
            let reply = try await api.send(
                .post, "/api/v1/tasks", ByteBuffer(string: #"{"type":"a"}"#), headers: plain)
            #expect(reply.status == 201)
        }
    }

    /// aiohttp and others send this with requests without a body.
    @Test("An empty body has no type", arguments: [true, false])
    func empty(isChunked: Bool) async throws {
        try await LiveServer.run { server in
            let calls = [
                "PUT /api/v1/leases/\(TaskTests.absent).1",
                "POST /api/v1/leases/\(TaskTests.absent).1/complete",
                "POST /api/v1/leases/\(TaskTests.absent).1/fail",
                "POST /api/v1/leases/\(TaskTests.absent).1/release",
                "POST /api/v1/types/a/pause", "POST /api/v1/types/a/resume",
                "DELETE /api/v1/tasks/\(TaskTests.absent)",
                "PATCH /api/v1/tasks/\(TaskTests.absent)",
                "POST /api/v1/tasks/\(TaskTests.absent)/retry", "DELETE /api/v1/session",
                "DELETE /api/v1/workers/w",
                "POST /api/v1/tasks", "GET /api/v1/stats",
            ]
            let connection = try await server.connect()
            let end = isChunked ? "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" : "Content-Length: 0\r\n\r\n"
            for call in calls {
                try await connection.send(
                    "\(call) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\n\(end)")
                let reply = try #require(await connection.reply(), "\(call)")
                #expect(reply.status != 415 && reply.status < 500, "\(call): \(reply.body)")
            }
        }
    }

    @Test("API replies disable caching and content sniffing") func headers() async throws {
        try await TestAPI.run(metrics: PrometheusRegistry()) { api in
            for route in Routes.all where !route.path.text.hasPrefix("/console") && route.path.text != "/" {
                for method in [route.method, .options] {
                    let path = route.path.text.replacing("{id}", with: TaskTests.absent.description)
                        .replacing("{lease}", with: "x")
                        .replacing("{type}", with: "a").replacing("{name}", with: "w")
                    let reply = try await api.send(method, path)
                    #expect(reply.headers[values: .cacheControl] == ["no-store"], "\(method) \(path)")
                    #expect(reply.headers[values: .xContentTypeOptions] == ["nosniff"], "\(method) \(path)")
                }
            }
        }
    }
}
