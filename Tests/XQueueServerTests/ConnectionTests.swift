import Testing
import XQueueCore
import XQueueStoreTesting

@testable import XQueueServer

@Suite("Connections", .timeLimit(.minutes(5))) struct ConnectionTests {
    static func post(_ body: String, path: String = "/api/v1/tasks", headers: String = "") -> String {
        "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(headers)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func get(_ path: String, headers: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n"
    }

    @Test("stay open after replies and after errors") func keepAlive() async throws {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            let exchanges = [
                (Self.post(#"{"type":"a"}"#), 201), (Self.post("{"), 400),
                (Self.post(#"{"type":"a b"}"#), 400),
                (Self.get("/nowhere"), 404), (Self.post("{}", path: "/nowhere"), 404),
                (Self.post("{}", path: "/api/v1/stats"), 405),
                (
                    "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\r\n<a>",
                    415
                ),
                (Self.get("/api/v1/tasks?limit=0"), 400), (Self.get("/livez"), 200),
            ]
            for (request, status) in exchanges {
                try await connection.send(request)
                #expect(await connection.reply()?.status == status, "\(request)")
            }
            try await connection.close()
        }
    }

    @Test("answer pipelined requests in order") func pipelining() async throws {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            let requests = (0..<50).map { Self.post(#"{"type":"a","payload":\#($0)}"#) }
            try await connection.send(requests.joined() + Self.get("/api/v1/tasks?limit=1"))
            for index in 0..<50 {
                let reply = try #require(await connection.reply())
                #expect(reply.status == 201)
                #expect(reply.body.contains(#""payload":\#(index),"#))
            }
            #expect(await connection.reply()?.body.contains(#""total":50"#) == true)
            try await connection.close()
        }
    }

    @Test("accept requests byte by byte, and chunked ones") func slowly() async throws {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            for byte in Self.post(#"{"type":"a","payload":"é"}"#).utf8 {
                try await connection.send(bytes: [byte])
            }
            #expect(await connection.reply()?.status == 201)
            try await connection.send(
                "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "5\r\n{\"typ\r\n7\r\ne\":\"a\"}\r\n0\r\n\r\n")
            #expect(await connection.reply()?.status == 201)
            try await connection.close()
        }
    }

    @Test("end with a reply when the announced body is too large") func announcedTooLarge() async throws {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            try await connection.send(
                "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n")
            let reply = try #require(await connection.reply())
            #expect(reply.status == 413)
            #expect(reply.body.contains("body_too_large"))
            #expect(await connection.end() == "")
        }
    }

    @Test("end with a reply when a body without a length grows too large") func streamedTooLarge()
        async throws
    {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            try await connection.send(
                "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
            let chunk = "10000\r\n" + String(repeating: " ", count: 65_536) + "\r\n"
            for _ in 0..<64 { await connection.sendAsFarAsPossible(chunk) }
            let reply = try #require(await connection.reply())
            #expect(reply.status == 413)
            #expect(await connection.end() == "")
            #expect(server.store.calls(of: .insert) == 0)
        }
    }

    @Test(
        "report what is not HTTP, and end",
        arguments: ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\nbad header\r\n\r\n"])
    func malformed(request: String) async throws {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            try await connection.send(request)
            let reply = try #require(await connection.reply())
            #expect(reply.status == 400)
            #expect(reply.body.contains("malformed_http"))
            #expect(await connection.end() == "")
        }
    }

    @Test("reject oversized heads, with one large field or many fields") func largeHead() async throws {
        try await LiveServer.run { server in
            let one = "X-A: \(String(repeating: "a", count: 40_000))\r\n"
            let many = (0..<300).map { "X-\($0): a\r\n" }.joined()
            for headers in [one, many] {
                let connection = try await server.connect()
                await connection.sendAsFarAsPossible(Self.get("/", headers: headers))
                let reply = try #require(await connection.reply())
                #expect(reply.status == 431)
                #expect(reply.body.contains("headers_too_large"))
                #expect(await connection.end() == "")
            }
        }
    }

    @Test("answer valid requests before an invalid one") func goodThenBad() async throws {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            try await connection.send(Self.get("/livez") + "nonsense\r\n\r\n")
            #expect(await connection.reply()?.status == 200)
            #expect(await connection.reply()?.status == 400)
            #expect(await connection.end() == "")
        }
    }

    @Test("reject incomplete bodies, even if they are valid JSON so far") func brokenBody() async throws {
        try await LiveServer.run { server in
            let requests = [
                "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{\"type\":\"a\"}",
                "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n{\"type\":\"a\"}\r\n",
            ]
            for request in requests {
                let connection = try await server.connect()
                try await connection.send(request)
                try await connection.finishSending()
                #expect(await connection.reply()?.status != 201)
            }
            #expect(server.store.calls(of: .insert) == 0)
        }
    }

    @Test("get 100 Continue on request") func expectContinue() async throws {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            try await connection.send(
                "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 12\r\n\r\n"
            )
            #expect(await connection.reply()?.status == 100)
            try await connection.send(#"{"type":"a"}"#)
            #expect(await connection.reply()?.status == 201)
            try await connection.send(
                "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"
            )
            #expect(await connection.reply()?.status == 413)
            #expect(await connection.end() == "")
        }
    }

    @Test("end at the client's request", arguments: ["close", "Close", "keep-alive, CLOSE"])
    func connectionClose(option: String) async throws {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            try await connection.send(Self.get("/livez", headers: "Connection: \(option)\r\n"))
            #expect(await connection.reply()?.status == 200)
            #expect(await connection.end() == "")
        }
    }

    @Test("end when a request does not arrive in time") func requestTimeout() async throws {
        var configuration = ServerConfiguration()
        configuration.requestTimeout = .milliseconds(50)
        try await LiveServer.run(configuration: configuration) { server in
            let connection = try await server.connect()
            try await connection.send(
                "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{\"type\":\"a\"}"
            )
            let reply = try #require(await connection.reply())
            #expect(reply.status == 408)
            #expect(reply.body.contains("request_timeout"))
            #expect(await connection.end() == "")
            #expect(server.store.calls(of: .insert) == 0)
        }
    }

    @Test("end when a head does not arrive in time", arguments: ["", get("/livez")])
    func headTimeout(before: String) async throws {
        var configuration = ServerConfiguration()
        configuration.requestTimeout = .milliseconds(100)
        try await LiveServer.run(configuration: configuration) { server in
            let connection = try await server.connect()
            if !before.isEmpty {
                try await connection.send(before)
                #expect(await connection.reply()?.status == 200)
            }
            try await connection.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow")
            #expect(await connection.reply()?.status == 408)
            #expect(await connection.end() == "")
        }
    }

    @Test("with HTTP/1.0 end after the reply, unless kept alive") func oldClients() async throws {
        try await LiveServer.run { server in
            let connection = try await server.connect()
            try await connection.send("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            #expect(await connection.reply()?.status == 200)
            try await connection.send("GET /livez HTTP/1.0\r\n\r\n")
            #expect(await connection.reply()?.status == 200)
            #expect(await connection.end() == "")
        }
    }

    @Test("end when idle, or when a head does not end") func idle() async throws {
        var configuration = ServerConfiguration()
        configuration.idleTimeout = .milliseconds(50)
        try await LiveServer.run(configuration: configuration) { server in
            for start in ["", "GET / HT", Self.get("/livez")] {
                let connection = try await server.connect()
                try await connection.send(start)
                _ = await connection.end()
            }
        }
    }

    @Test("end when the client does not read its reply") func stalledReader() async throws {
        var configuration = ServerConfiguration()
        configuration.idleTimeout = .milliseconds(200)
        try await LiveServer.run(configuration: configuration) { server in
            let ids = TaskIDGenerator()
            let payload = try RawJSON(String(repeating: "1", count: 1_000_000))
            _ = try await server.store.insert(
                (0..<20).map { _ in NewTask(id: ids.next(), type: "a", payload: payload) })
            let connection = try await server.connect()
            try await connection.stopReading()
            try await connection.send(Self.get("/api/v1/tasks?limit=1000"))
            try await connection.waitForReset()
        }
    }

    @Test("beyond the limit, evict the longest idle one") func tooMany() async throws {
        var configuration = ServerConfiguration()
        configuration.maxConnections = 1
        try await LiveServer.run(configuration: configuration) { server in
            let first = try await server.connect()
            try await first.send(Self.get("/livez"))
            #expect(await first.reply()?.status == 200)
            let second = try await server.connect()
            try await second.send(Self.get("/livez"))
            #expect(await second.reply()?.status == 200)
            #expect(await first.end() == "")
            try await second.close()
        }
    }
}
