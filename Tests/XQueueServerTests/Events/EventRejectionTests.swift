import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

@Suite("Rejected streams", .timeLimit(.minutes(5))) struct EventRejectionTests {
    @Test(
        "An invalid URL is reported on either transport", arguments: EventClient.Transport.allCases,
        [
            ("?after=x", "invalid_field", "after"), ("?after=", "invalid_field", "after"),
            ("?after=1-2-3", "invalid_field", "after"), ("?after=1&after=2", "invalid_field", "after"),
            ("?task_id=1", "invalid_field", "task_id"), ("?status=done", "invalid_field", "status"),
            ("?type=", "invalid_field", "type"), ("?types=a", "unknown_field", "types"),
        ])
    func wrongAddress(
        transport: EventClient.Transport, mistake: (query: String, code: String, field: String)
    ) async throws {
        try await LiveServer.run { server in
            let client = try await server.follow(transport, mistake.query)
            #expect(await client.status() == 400)
            let rejection = await client.rejection()
            #expect(rejection.string("code") == mistake.code)
            #expect(rejection.string("field") == mistake.field)
            #expect(server.manager.eventBus.count == 0)
        }
    }

    @Test(
        "Pages of other origins get no WebSocket",
        arguments: ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1"])
    func foreignOrigin(origin: String) async throws {
        try await LiveServer.run { server in
            let client = try await server.follow(headers: ["Origin: \(origin)"])
            #expect(await client.status() == 403)
            #expect(await client.rejection().string("code") == "foreign_origin")
        }
    }

    @Test("The server's own pages get one, under any of its names")
    func ownOrigin() async throws {
        try await LiveServer.run { server in
            for header in [
                "Origin: http://127.0.0.1:\(server.port)", "Origin: HTTP://127.0.0.1:\(server.port)",
            ] {
                try await server.follow(headers: [header]).hello()
            }
        }
    }

    @Test(
        "An invalid handshake",
        arguments: [
            (["Sec-WebSocket-Version: 8"], 426, "upgrade_required"),
            (["Sec-WebSocket-Version: "], 426, "upgrade_required"),
            (["Sec-WebSocket-Key: abc"], 400, "malformed_http"),
            (["Sec-WebSocket-Key: "], 400, "malformed_http"),
        ])
    func handshake(headers: [String], status: Int, code: String) async throws {
        try await LiveServer.run { server in
            let client = try await server.follow(headers: headers)
            #expect(await client.status() == status)
            if status == 426 { #expect(await client.head.lowercased().contains("sec-websocket-version: 13")) }
            #expect(await client.rejection().string("code") == code)
            // NIO reads nothing after an upgrade request: the connection ends.
            _ = await client.readToEnd()
        }
    }

    @Test("An upgrade elsewhere is answered") func elsewhere() async throws {
        try await LiveServer.run { server in
            let nowhere = try await EventClient(port: server.port, .socket, path: "/api/v1/nothing")
            #expect(await nowhere.status() == 404)
            let tasks = try await EventClient(port: server.port, .socket, path: "/api/v1/tasks")
            #expect(await tasks.status() == 200)
            _ = await tasks.readToEnd()
        }
    }

    @Test("Too many subscribers get Retry-After", arguments: EventClient.Transport.allCases)
    func tooMany(transport: EventClient.Transport) async throws {
        var queue = QueueConfiguration()
        queue.maxSubscribers = 2
        try await LiveServer.run(queue: queue) { server in
            let first = try await server.follow(transport)
            try await first.hello()
            try await server.follow(transport).hello()
            let third = try await server.follow(transport)
            #expect(await third.status() == 503)
            #expect(await third.head.lowercased().contains("retry-after:"))
            #expect(await third.rejection().string("code") == "too_many_subscribers")
            try await first.close()
        }
    }

    @Test("A request without Accept says how to get a stream") func noStream() async throws {
        try await TestAPI.run { api in
            let accept: (String) -> HTTPFields = { [.accept: $0] }
            for headers in [[:], accept("application/json"), accept("text/event-stream;q=0")] {
                try await api.send(.get, "/api/v1/events", headers: headers)
                    .expectError(406, "not_acceptable", says: "text/event-stream")
            }
            try await api.get("/api/v1/events?status=x").expectError(400, "invalid_field", field: "status")
            try await api.post("/api/v1/events").expectError(405, "method_not_allowed")
            let head = try await api.send(
                .head, "/api/v1/events", headers: accept("text/html, text/event-stream; q=0.9"))
            #expect(head.status == 200)
            #expect(head.headers[.contentType] == "text/event-stream")
            let options = try await api.send(.options, "/api/v1/events")
            #expect(options.headers[.allow] == "GET, HEAD, OPTIONS")
        }
    }

    @Test("A feed after other requests on the same connection, pipelined") func pipelined()
        async throws
    {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            try await connection.send(
                ConnectionTests.get("/api/v1/types")
                    + "GET /api/v1/events?status=x HTTP/1.1\r\nHost: localhost\r\n"
                    + "Accept: text/event-stream\r\n\r\n")
            #expect(await connection.reply()?.status == 200)
            #expect(await connection.reply()?.status == 400)
            try await connection.send(
                ConnectionTests.get("/api/v1/types")
                    + "GET //api/v1/events/ HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n")
            #expect(await connection.reply()?.status == 200)
            #expect(await connection.reply()?.status == 200)
            await server.shutDown()
            // Events that came with the head may be read already; the end must follow in any case.
            _ = await connection.end()
        }
    }
}
