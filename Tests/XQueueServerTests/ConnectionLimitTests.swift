import NIOCore
import NIOEmbedded
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@testable import XQueueServer

@Suite("Connection limits", .timeLimit(.minutes(5))) struct ConnectionLimitTests {
    private static func configuration(_ most: Int) -> ServerConfiguration {
        var configuration = ServerConfiguration()
        configuration.maxConnections = most
        return configuration
    }

    @Test("Silent connections lock no client out") func silent() async throws {
        try await LiveServer.run(configuration: Self.configuration(20)) { server in
            var silent: [RawConnection] = []
            for _ in 0..<60 { silent.append(try await server.connect()) }
            for _ in 0..<5 {
                let connection = try await server.connect()
                try await connection.send(ConnectionTests.get("/livez"))
                #expect(await connection.reply()?.status == 200)
            }
            // The first ones had been silent the longest.
            for connection in silent.prefix(40) { #expect(await connection.end() == "") }
        }
    }

    @Test(
        "Nor do connections with endless requests or unread replies",
        arguments: [true, false])
    func slow(sendsSlowly: Bool) async throws {
        try await LiveServer.run(configuration: Self.configuration(10)) { server in
            let payload = try RawJSON("\"\(String(repeating: "x", count: 1_000_000))\"")
            let submission = TaskSubmission(type: "a", payload: payload)
            for _ in 0..<4 { _ = try await server.manager.submit(submission) }
            var slow: [RawConnection] = []
            for _ in 0..<12 {
                let connection = try await server.connect()
                if !sendsSlowly { try await connection.stopReading() }
                try await connection.send(
                    sendsSlowly ? "GET / HTTP/1.1\r\n" : ConnectionTests.get("/api/v1/tasks"))
                slow.append(connection)
            }
            try await eventually("a request is answered") {
                let connection = try await server.connect()
                try await connection.send(ConnectionTests.get("/livez"))
                let status = await connection.reply()?.status
                try? await connection.close()
                return status == 200
            }
            withExtendedLifetime(slow) {}
        }
    }

    @Test("Requests in progress are kept; a further connection is rejected with an error") func busy()
        async throws
    {
        try await LiveServer.run(configuration: Self.configuration(3)) { server in
            server.store.hold(.statistics)
            var busy: [RawConnection] = []
            for _ in 0..<3 {
                let connection = try await server.connect()
                try await connection.send(ConnectionTests.get("/api/v1/stats"))
                busy.append(connection)
            }
            await server.store.waitForHeldCalls(of: .statistics, count: 3)
            let refused = try #require(await server.connect().reply())
            #expect(refused.status == 503)
            #expect(refused.body.contains(#""code":"too_many_connections""#))
            #expect(refused.head.lowercased().contains("retry-after: 1"))
            server.store.release(.statistics)
            for connection in busy { #expect(await connection.reply()?.status == 200) }
        }
    }

    @Test("The limit per address evicts the longest idle connection of that address") func perAddress() throws
    {
        let table = ConnectionTable(limit: 10, limitPerAddress: 2)
        let channels = (0..<6).map { _ in EmbeddedChannel() }
        let (one, other) = (
            ConnectionAddress(ipAddress: "192.0.2.1"), ConnectionAddress(ipAddress: "192.0.2.2")
        )
        let first = try #require(table.admit(channels[0], from: one))
        let second = try #require(table.admit(channels[1], from: one))
        let third = try #require(table.admit(channels[2], from: other))
        // The first one is busy, the second has been idle longer than the other address's.
        first.set(.busy)
        #expect(table.admit(channels[3], from: one) != nil)
        for channel in channels { channel.embeddedEventLoop.run() }
        #expect(table.mark(of: channels[1]) == nil)
        #expect(table.mark(of: channels[2]) === third)
        table.mark(of: channels[3])?.set(.busy)
        #expect(table.admit(channels[4], from: one) == nil)
        #expect(table.admit(channels[4], from: other) != nil)
        // A connection that waits for tasks is not counted.
        table.setAside(channels[0])
        #expect(table.admit(channels[5], from: one) != nil)
        withExtendedLifetime(second) {}
        for channel in channels { _ = try channel.finish(acceptAlreadyClosed: true) }
    }

    @Test("What counts as one address") func addresses() {
        for loopback in ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"] {
            #expect(ConnectionAddress(ipAddress: loopback) == nil, "\(loopback)")
        }
        let same = [
            ("192.0.2.1", "::ffff:192.0.2.1"), ("2001:db8:1:2::1", "2001:db8:1:2:3:4:5:6"),
            ("fe80::1%eth0", "fe80::2"),
        ]
        for (one, other) in same {
            #expect(ConnectionAddress(ipAddress: one) == ConnectionAddress(ipAddress: other))
        }
        let different = [("192.0.2.1", "192.0.2.2"), ("2001:db8:1:2::1", "2001:db8:1:3::1")]
        for (one, other) in different {
            #expect(ConnectionAddress(ipAddress: one) != ConnectionAddress(ipAddress: other))
        }
    }
}
