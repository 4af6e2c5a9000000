import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@testable import XQueueServer

/// Requests that wait for tasks, with a listening server.
@Suite("long polls", .timeLimit(.minutes(5))) struct LongPollTests {
    private static func run(
        configuration: ServerConfiguration = ServerConfiguration(),
        _ body: @Sendable (LiveServer) async throws -> Void
    ) async throws {
        var queue = QueueConfiguration()
        queue.runsWorkers = false
        try await LiveServer.run(configuration: configuration, queue: queue, register: { _ in }, body)
    }

    private static func ask(
        _ connection: RawConnection, worker: String = "w", types: String = #""a""#, wait: Int = 30,
        max: Int = 1
    ) async throws {
        let body = #"{"worker":"\#(worker)","types":[\#(types)],"wait":\#(wait),"max_tasks":\#(max)}"#
        try await connection.send(
            "POST /api/v1/leases HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    private static func reply(_ connection: RawConnection) async throws -> APIReply {
        let reply = try #require(await connection.reply())
        #expect(reply.status == 200)
        return APIReply(json: RawJSON(trusted: reply.body))
    }

    private static func wait(for server: LiveServer, polls: Int) async throws {
        try await eventually("\(polls) requests wait") { server.manager.waitingPolls == polls }
    }

    @Test("are answered when a task is submitted") func wake() async throws {
        try await Self.run { server in
            let connection = try await server.connect()
            try await Self.ask(connection)
            try await Self.wait(for: server, polls: 1)
            let id = try await server.submit()[0]
            let reply = try await Self.reply(connection)
            #expect(reply.elements("leases").map { $0.task?.string("id") } == [id.description])
            // The connection can be reused.
            try await Self.ask(connection, wait: 0)
            #expect(try await Self.reply(connection).integer("count") == 0)
        }
    }

    @Test("are answered empty when they time out") func time() async throws {
        try await Self.run { server in
            let connection = try await server.connect()
            try await Self.ask(connection, wait: 30)
            try await Self.wait(for: server, polls: 1)
            server.clock.advance(by: .seconds(31))
            #expect(try await Self.reply(connection).raw("leases") == "[]")
            #expect(server.manager.waitingPolls == 0)
        }
    }

    @Test("need one claim for a single task, and few for many tasks") func coalesced() async throws {
        try await Self.run { server in
            var connections: [RawConnection] = []
            for index in 0..<50 {
                let connection = try await server.connect()
                try await Self.ask(connection, worker: "w-\(index)")
                connections.append(connection)
                try await Self.wait(for: server, polls: index + 1)
            }
            try await eventually("the polls have claimed") {
                let calls = server.store.calls(of: .claim)
                try await Task.sleep(for: .milliseconds(50))
                return server.store.calls(of: .claim) == calls
            }
            let before = server.store.calls(of: .claim)
            try await server.submit()
            // The longest waiting one gets it.
            #expect(try await Self.reply(connections[0]).integer("count") == 1)
            #expect(server.store.calls(of: .claim) - before <= 3)
            let shared = server.store.calls(of: .claim)
            try await server.submit(49)
            for connection in connections.dropFirst() {
                #expect(try await Self.reply(connection).integer("count") == 1)
            }
            // For 1, 2, 4, 8, 16 and 18 polls.
            let claims = server.store.calls(of: .claim) - shared
            #expect(claims <= 9, "\(claims) claims")
            #expect(try await server.store.tasks(TaskQuery(statuses: [.processing])).total == 50)
        }
    }

    @Test("of disconnected clients lose no task") func departure() async throws {
        try await Self.run { server in
            let gone = try await server.connect()
            try await Self.ask(gone, worker: "gone")
            try await Self.wait(for: server, polls: 1)
            try await gone.close()
            try await Self.wait(for: server, polls: 0)
            let id = try await server.submit()[0]
            let connection = try await server.connect()
            try await Self.ask(connection, worker: "here")
            #expect(try await Self.reply(connection).elements("leases").count == 1)
            let task = try #require(try await server.manager.task(id))
            #expect(task.workerID == "here")
            #expect(task.retryCount == 0)
        }
    }

    @Test("of clients that disconnect during the claim release the task immediately") func departureInClaim()
        async throws
    {
        try await Self.run { server in
            let gone = try await server.connect()
            try await Self.ask(gone, worker: "gone")
            try await Self.wait(for: server, polls: 1)
            try await eventually("it has claimed") { server.store.calls(of: .claim) > 0 }
            server.store.hold(.claim)
            let id = try await server.submit()[0]
            await server.store.waitForHeldCalls(of: .claim)
            try await gone.close()
            // Another connection's exchange completes only after this one has closed.
            let other = try await server.connect()
            try await other.send("GET /api/v1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = await other.reply()
            server.store.release(.claim)
            try await eventually("the task is ready again") {
                let task = try await server.manager.task(id)
                return task?.status == .pending && task?.version ?? 0 > 1
            }
            #expect(try await server.manager.task(id)?.retryCount == 0)
        }
    }

    @Test("are answered immediately on shutdown, and nothing is claimed") func shutdown()
        async throws
    {
        try await Self.run { server in
            let connection = try await server.connect()
            try await Self.ask(connection)
            try await Self.wait(for: server, polls: 1)
            await server.shutDown()
            #expect(try await Self.reply(connection).raw("leases") == "[]")
        }
    }

    @Test("may outlast the idle timeout, and do not count as connections") func bounds()
        async throws
    {
        var configuration = ServerConfiguration()
        configuration.maxConnections = 1
        configuration.idleTimeout = .seconds(2)
        try await Self.run(configuration: configuration) { server in
            let first = try await server.connect()
            try await Self.ask(first, worker: "x")
            try await Self.wait(for: server, polls: 1)
            let second = try await server.connect()
            try await Self.ask(second, worker: "y")
            try await Self.wait(for: server, polls: 2)
            try await Task.sleep(for: .seconds(3))
            try await server.submit(2)
            #expect(try await Self.reply(first).integer("count") == 1)
            #expect(try await Self.reply(second).integer("count") == 1)
        }
    }

    @Test("for different types are woken only for their own tasks") func types() async throws {
        try await Self.run { server in
            var connections: [RawConnection] = []
            for index in 0..<8 {
                let connection = try await server.connect()
                try await Self.ask(connection, worker: "w-\(index)", types: #""t\#(index)""#)
                connections.append(connection)
            }
            try await Self.wait(for: server, polls: 8)
            let id = try await server.submit(type: "t6")[0]
            let reply = try await Self.reply(connections[6])
            #expect(reply.elements("leases").map { $0.task?.string("id") } == [id.description])
            #expect(server.manager.waitingPolls == 7)
        }
    }
}
