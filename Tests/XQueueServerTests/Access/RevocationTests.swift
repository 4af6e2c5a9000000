import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

/// Revoking a token immediately ends its waiting requests and streams.
@Suite("Removed tokens", .timeLimit(.minutes(5))) struct RevocationTests {
    private static func run(_ body: @Sendable (LiveServer) async throws -> Void) async throws {
        var configuration = ScopeTests.locked
        // Long enough that no heartbeat detects it.
        configuration.streamHeartbeat = .seconds(600)
        var queue = QueueConfiguration()
        queue.runsWorkers = false
        try await LiveServer.run(configuration: configuration, queue: queue, register: { _ in }, body)
    }

    private static var without: AccessConfiguration {
        var access = ScopeTests.locked.access
        access.tokens.removeAll { $0.name != "admin" }
        return access
    }

    private static func wait(_ server: LiveServer, _ token: String) async throws -> RawConnection {
        let connection = try await server.connect()
        let body = #"{"worker":"w","types":["a"],"wait":50}"#
        try await connection.send(
            "POST /api/v1/leases HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(ScopeTests.token(token))\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        return connection
    }

    @Test("A request waiting for tasks gets 401 and no tasks") func longPoll() async throws {
        try await Self.run { server in
            let removed = try await Self.wait(server, "work")
            try await eventually("it waits") { server.manager.waitingPolls == 1 }
            server.setAccess(Self.without)
            #expect(try #require(await removed.reply()).status == 401)
            let id = try await server.submit()[0]
            let other = try await Self.wait(server, "admin")
            let reply = try #require(await other.reply())
            #expect(reply.body.contains(id.description))
            #expect(try await server.manager.task(id)?.attempt == 1)
        }
    }

    @Test("A request whose token remains keeps waiting") func others() async throws {
        try await Self.run { server in
            let kept = try await Self.wait(server, "admin")
            try await eventually("it waits") { server.manager.waitingPolls == 1 }
            server.setAccess(Self.without)
            let id = try await server.submit()[0]
            #expect(try #require(await kept.reply()).body.contains(id.description))
        }
    }

    @Test("A stream gets no further events", arguments: EventClient.Transport.allCases)
    func stream(transport: EventClient.Transport) async throws {
        try await Self.run { server in
            let headers = ["Authorization: Bearer \(ScopeTests.token("read"))"]
            let client = try await server.follow(transport, headers: headers)
            try await client.hello()
            try await server.submit()
            #expect(await client.next() != nil)
            server.setAccess(Self.without)
            try await server.submit(20)
            #expect(await client.next() == nil)
            #expect(await client.end?.reason == EventStreamEnd.accessEnded.reason)
        }
    }

    @Test("A stream ends with the session it was opened with", arguments: EventClient.Transport.allCases)
    func session(transport: EventClient.Transport) async throws {
        try await Self.run { server in
            let connection = try await server.connect()
            let body = #"{"token":"\#(ScopeTests.token("read"))"}"#
            try await connection.send(
                "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            let reply = try #require(await connection.reply())
            let line = try #require(
                reply.head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("set-cookie: ") })
            let cookie = line.dropFirst("set-cookie: ".count).prefix { $0 != ";" }
            let client = try await server.follow(transport, headers: ["Cookie: \(cookie)"])
            try await client.hello()
            try await connection.send(
                "DELETE /api/v1/session HTTP/1.1\r\nHost: localhost\r\nCookie: \(cookie)\r\n"
                    + "Sec-Fetch-Site: same-origin\r\n\r\n")
            #expect(try #require(await connection.reply()).status == 200)
            try await server.submit(20)
            #expect(await client.next() == nil)
        }
    }
}
