import NIOCore
import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

@testable import XQueueServer

@Suite("Event streams", .timeLimit(.minutes(5))) struct EventStreamTests {
    typealias Transport = EventClient.Transport

    @Test("A task's lifecycle with running workers", arguments: Transport.allCases)
    func wholeWay(transport: Transport) async throws {
        try await LiveServer.run(register: { manager in
            try manager.register("work") { (task: TaskContext<RawJSON>) in
                task.report(progress: 40, message: "nearly")
                return task.payload
            }
        }) { server in
            let client = try await server.follow(transport)
            try await client.hello()
            let id = try await server.submit(type: "work")[0]
            var messages = try await client.next(3)
            while messages.last?.string("status") != "success" { messages += try await client.next(1) }
            let statuses = messages.filter { $0.string("event") == "status" }
            #expect(statuses.map { $0.string("status") } == ["pending", "processing", "success"])
            #expect(statuses.map { $0.string("previous_status") } == [nil, "pending", "processing"])
            #expect(statuses.map { $0.integer("version") } == [1, 2, 3])
            #expect(
                statuses[0].memberNames == [
                    "event", "cursor", "task_id", "type", "status", "previous_status", "version",
                    "retry_count",
                    "error", "worker_id", "metadata", "timestamp",
                ])
            #expect(messages.allSatisfy { $0.string("task_id") == id.description })
            if let progress = messages.first(where: { $0.string("event") == "progress" }) {
                #expect(
                    progress.memberNames == [
                        "event", "cursor", "task_id", "type", "progress", "progress_message", "worker_id",
                        "metadata", "timestamp",
                    ])
                #expect(progress.integer("progress") == 40)
            }
        }
    }

    @Test("Filters in the URL", arguments: Transport.allCases)
    func filters(transport: Transport) async throws {
        try await LiveServer.run { server in
            let ids = try await server.submit(2, type: "a") + server.submit(2, type: "b")
            _ = try await server.manager.cancel(ids[0])
            let cases: [(String, [TaskID])] = [
                ("", ids + [ids[0]]), ("&type=b", Array(ids[2...])),
                ("&type=a&type=b&status=canceled", [ids[0]]),
                ("&task_id=\(ids[1])&task_id=\(ids[2])", [ids[1], ids[2]]),
                ("&task_id=\(ids[1])&type=b", []), ("&status=pending&status=canceled", ids + [ids[0]]),
            ]
            let end = try await server.submit(type: "end")[0]
            for (query, expected) in cases {
                // Each also matches the last task's status, which ends the loop.
                let client = try await server.follow(transport, "?after=0\(query)")
                try await client.hello()
                let wanted = query.isEmpty || query.contains("status=pending") ? expected + [end] : expected
                let got = try await client.next(wanted.count)
                #expect(got.map { $0.string("task_id") } == wanted.map(\.description), "\(query)")
                try await client.close()
            }
        }
    }

    @Test("Resuming from a cursor misses nothing", arguments: Transport.allCases)
    func resume(transport: Transport) async throws {
        try await LiveServer.run(register: { manager in
            try manager.register("work") { (task: TaskContext<RawJSON>) in task.payload }
        }) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for _ in 0..<60 { try await server.submit(3, type: "work") } }
                var cursor = "0"
                var versions: [String: Int] = [:]
                var ended = 0
                let random = SeededRandomSource(seed: 5)
                while ended < 180 {
                    try Task.checkCancellation()
                    let headers = transport == .feed ? ["Last-Event-ID: \(cursor)"] : []
                    let query = transport == .feed ? "?after=99999999999999" : "?after=\(cursor)"
                    let client = try await server.follow(transport, query, headers: headers)
                    try await client.hello()
                    for _ in 0..<Int(random.draw() * 60) where ended < 180 {
                        guard let event = await client.next(), let id = event.string("task_id") else { break }
                        #expect(event.integer("version") == (versions[id] ?? 0) + 1)
                        versions[id] = event.integer("version")
                        cursor = event.string("cursor") ?? cursor
                        if event.string("status") == "success" { ended += 1 }
                    }
                    try await client.close()
                }
                try await group.waitForAll()
                #expect(versions.count == 180)
            }
        }
    }

    @Test("A time is a cursor, too") func time() async throws {
        try await LiveServer.run { server in
            try await server.submit()
            server.clock.advance(by: .seconds(1))
            let task = try await server.submit()[0]
            let time = try #require(try await server.manager.task(task)).createdAt.milliseconds
            let client = try await server.follow(.socket, "?after=\(time)")
            #expect(try await client.hello().description == "\(time)-0")
            #expect(try await client.next(1)[0].string("task_id") == task.description)
        }
    }

    @Test("A cursor that is too old gets a reset", arguments: Transport.allCases)
    func reset(transport: Transport) async throws {
        try await LiveServer.run(limits: StoreLimits(events: EventRetention(count: 10))) { server in
            for _ in 0..<40 { try await server.submit() }
            let end = try await server.store.lastEvent()
            let client = try await server.follow(transport, "?after=\(end.time.milliseconds)-1")
            try await client.hello()
            let reset = try await client.next(1)[0]
            #expect(reset.memberNames == ["event", "cursor", "message"])
            #expect(reset.string("event") == "reset")
            #expect(reset.string("cursor") == end.description)
            let task = try await server.submit()[0]
            #expect(try await client.next(1)[0].string("task_id") == task.description)
        }
    }

    @Test(
        "Heartbeats keep a quiet stream open beyond the idle timeout", arguments: Transport.allCases
    )
    func heartbeats(transport: Transport) async throws {
        var configuration = ServerConfiguration()
        // A client on a busy machine needs time to answer one heartbeat before the next.
        configuration.streamHeartbeat = .seconds(2)
        configuration.idleTimeout = .seconds(5)
        configuration.requestTimeout = .seconds(5)
        try await LiveServer.run(configuration: configuration) { server in
            let client = try await server.follow(transport)
            try await client.hello()
            try await client.waitForHeartbeats(4)
            let task = try await server.submit()[0]
            #expect(try await client.next(1)[0].string("task_id") == task.description)
        }
    }

    @Test("An unresponsive WebSocket client is disconnected") func silentClient() async throws {
        var configuration = ServerConfiguration()
        configuration.streamHeartbeat = .milliseconds(100)
        try await LiveServer.run(configuration: configuration) { server in
            let client = try await server.follow()
            await client.stopAnsweringPings()
            #expect(await client.status() == 101)
            await client.readToEnd()
            #expect(await client.end?.code == 1001)
            try await eventually("the subscription is gone") { server.manager.eventBus.count == 0 }
        }
    }

    @Test("A shutdown ends streams immediately, with a reason", arguments: Transport.allCases)
    func shutdown(transport: Transport) async throws {
        try await LiveServer.run { server in
            let client = try await server.follow(transport)
            try await client.hello()
            await server.shutDown()
            #expect(await client.next() == nil)
            let code = transport == .socket ? 1001 : nil
            #expect(await client.end == .init(code: code, reason: "the server is shutting down"))
        }
    }

    @Test("A shutdown does not wait for clients that neither read nor close") func deafClient() async throws {
        try await LiveServer.run { server in
            let client = try await server.follow()
            try await client.hello()
            try await client.setReading(false)
            await server.shutDown()
            try await eventually("the server is gone") { server.manager.eventBus.count == 0 }
        }
    }

    @Test("Disconnected clients are unsubscribed", arguments: Transport.allCases)
    func leaving(transport: Transport) async throws {
        try await LiveServer.run { server in
            #expect(server.store.calls(of: .lastEvent) == 0)
            for _ in 0..<3 {
                let client = try await server.follow(transport)
                try await client.hello()
                try await client.close()
                try await eventually("it is forgotten") { server.manager.eventBus.count == 0 }
            }
            let calls = server.store.calls(of: .events)
            for _ in 0..<20 { try await server.submit() }
            #expect(server.store.calls(of: .events) == calls)
        }
    }

    @Test(
        "Hundreds of subscribers of one task each, beyond the connection limit", arguments: Transport.allCases
    )
    func many(transport: Transport) async throws {
        var configuration = ServerConfiguration()
        configuration.maxConnections = 10
        // On a busy machine the first ones answer no ping before the last one connects.
        configuration.streamHeartbeat = .seconds(600)
        try await LiveServer.run(configuration: configuration) { server in
            let ids = try await server.submit(300)
            var clients: [EventClient] = []
            for id in ids {
                let client = try await server.follow(transport, "?task_id=\(id)")
                try await client.hello()
                clients.append(client)
            }
            for id in ids { _ = try await server.manager.cancel(id) }
            for (client, id) in zip(clients, ids) {
                let event = try await client.next(1)[0]
                #expect(event.string("task_id") == id.description)
                #expect(event.string("status") == "canceled")
            }
            // Requests are still answered.
            let request = try await server.connect()
            try await request.send(ConnectionTests.get("/livez"))
            #expect(await request.reply()?.status == 200)
        }
    }

    @Test(
        "A client that stops reading is disconnected, with bounded memory",
        arguments: Transport.allCases)
    func slow(transport: Transport) async throws {
        var queue = QueueConfiguration()
        queue.maxSubscriberBytes = 64 << 10
        try await LiveServer.run(queue: queue) { server in
            let slow = try await server.follow(transport)
            try await slow.hello()
            try await slow.setReading(false)
            let fast = try await server.follow(transport)
            try await fast.hello()
            var sent = 0
            // The network buffers a lot before the server has to.
            while server.manager.eventBus.count > 1, sent < 200_000 {
                try Task.checkCancellation()
                try await server.submit(500)
                _ = try await fast.next(500)
                sent += 500
            }
            #expect(server.manager.eventBus.count == 1)
            try await slow.setReading(true)
            #expect(await slow.readToEnd() < sent)
            // A client that reads in time gets the reason.
            if let end = await slow.end {
                #expect(end == .init(code: transport == .socket ? 1013 : nil, reason: "slow consumer"))
            }
        }
    }

    @Test("A temporary store failure only delays events", arguments: Transport.allCases)
    func storeTrouble(transport: Transport) async throws {
        try await LiveServer.run { server in
            let client = try await server.follow(transport)
            try await client.hello()
            server.store.fail(.events, times: 3)
            let ids = try await server.submit(5)
            try await eventually("the reader tries again") {
                server.clock.advance(by: .seconds(1))
                return server.store.calls(of: .events) > 5
            }
            #expect(try await client.next(5).map { $0.string("task_id") } == ids.map(\.description))
        }
    }
}
