import HTTPTypes
import NIOCore
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@testable import XQueueServer

@Suite("Limits of replies", .timeLimit(.minutes(5))) struct ReplyBoundTests {
    private static let megabyte = RawJSON(trusted: "\"\(String(repeating: "x", count: (1 << 20) - 2))\"")

    private static func fill(_ store: FaultyStore, _ count: Int, types: [String] = ["a"]) async throws {
        let ids = TaskIDGenerator()
        for index in 0..<count {
            let task = NewTask(id: ids.next(), type: types[index % types.count], payload: megabyte)
            _ = try await store.insert([task])
        }
    }

    @Test(
        "A list ends early, with a cursor for the rest", arguments: [["a"], ["a", "b", "c", "d", "e", "f"]])
    func list(types: [String]) async throws {
        try await TestAPI.run { api in
            try await Self.fill(api.store, 20, types: types)
            var (ids, next, pages) = (Set<String>(), "", 0)
            while true {
                let reply = try await api.get("/api/v1/tasks?limit=1000\(next)")
                #expect(reply.text.utf8.count < 10 << 20)
                ids.formUnion(reply.elements("tasks").compactMap { $0.string("id") })
                pages += 1
                #expect((reply.string("next") != nil) == (reply.raw("has_more") == "true"))
                guard let more = reply.string("next") else { break }
                next = "&after=\(more)"
            }
            #expect(ids.count == 20 && pages == 3)
        }
    }

    @Test("So does a reply to a worker") func lease() async throws {
        try await TestAPI.run { api in
            try await Self.fill(api.store, 20)
            var counts: [Int?] = []
            for hasMore in [true, true, false] {
                let reply = try await api.post(
                    "/api/v1/leases", #"{"worker":"w","types":["a"],"max_tasks":1000}"#)
                #expect(reply.text.utf8.count < 10 << 20)
                #expect(reply.raw("has_more") == "\(hasMore)")
                counts.append(reply.integer("count"))
            }
            #expect(counts == [9, 9, 2])
        }
    }

    @Test("A batch abridges existing tasks beyond the limit") func batch() async throws {
        try await TestAPI.run { api in
            let ids = TaskIDGenerator()
            let tasks = (0..<12).map { number in
                NewTask(id: ids.next(), type: "a", payload: Self.megabyte) { $0.uniqueKey = "\(number)" }
            }
            for task in tasks { _ = try await api.store.insert([task]) }
            let members =
                (0..<12).map { #"{"type":"a","unique_key":"\#($0)"}"# } + [#"{"type":"a","payload":7}"#]
            let reply = try await api.submitBatch(#"{"tasks":[\#(members.joined(separator: ","))]}"#)
            #expect(reply.status == 201)
            #expect(reply.text.utf8.count < 10 << 20)
            #expect(reply.raw("has_more") == "true" && reply.integer("next") == 9)
            let shown = reply.elements("tasks")
            #expect(shown.dropLast().map { $0.string("id") } == tasks.map(\.id.description))
            #expect(shown.map { $0.raw("payload") == "null" } == (0..<13).map { 9..<12 ~= $0 })
            let small = try await api.submitBatch(#"{"tasks":[{"type":"a"}]}"#)
            #expect(small.raw("has_more") == "false" && small.raw("next") == "null")
        }
    }

    @Test("Replies in transit share a budget; beyond it large ones are rejected, small ones sent")
    func budget() async throws {
        var configuration = ServerConfiguration()
        configuration.maxReplyBytes = 24 << 20
        // Readers that stand still must hold the budget for as long as a busy machine takes.
        configuration.idleTimeout = .seconds(3600)
        try await LiveServer.run(configuration: configuration) { server in
            try await Self.fill(server.store, 12)
            var readers: [RawConnection] = []
            var refused: RawConnection.Reply?
            var leased = 0
            let other = try await server.connect()
            func answer(to request: String) async throws -> RawConnection.Reply {
                try await other.send(request)
                return try #require(await other.reply())
            }
            // A reader holds its part of the budget once the network buffers are full, and not if its other requests were
            // rejected before. So there are more of them until everything large is rejected.
            search: for _ in 0..<40 where refused == nil {
                let reader = try await server.connect()
                try await reader.stopReading()
                // More than the network buffers.
                let request = ConnectionTests.get("/api/v1/tasks?limit=1000")
                try await reader.send(String(repeating: request, count: 20))
                readers.append(reader)
                // Several times: an earlier reply may still be counted, and only a lasting rejection is due to the readers.
                for limit in [1, 1, 1, 1, 1, 1000] {
                    let reply = try await answer(to: ConnectionTests.get("/api/v1/tasks?limit=\(limit)"))
                    guard reply.status == 503 else { continue search }
                    try await Task.sleep(for: .milliseconds(50))
                }
                let worker = #"{"worker":"w","types":["a"],"max_tasks":1}"#
                let reply = try await answer(to: ConnectionTests.post(worker, path: "/api/v1/leases"))
                if reply.status == 503 { refused = reply } else { leased += 1 }
            }
            let reply = try #require(refused)
            #expect(reply.body.contains(#""code":"overloaded""#))
            #expect(reply.head.lowercased().contains("retry-after: 1"))
            #expect(try await answer(to: ConnectionTests.get("/api/v1/stats")).status == 200)
            #expect(try await server.store.tasks(TaskQuery(statuses: [.processing])).total == leased)
            for reader in readers { try await reader.close() }
            try await eventually("there is room again") {
                try await other.send(ConnectionTests.get("/api/v1/tasks?limit=1"))
                return await other.reply()?.status == 200
            }
        }
    }

    @Test("Large bodies that arrive slowly count, too") func bodies() async throws {
        var configuration = ServerConfiguration()
        configuration.maxReplyBytes = 16 << 20
        configuration.maxBodyBytes = 12 << 20
        // However slowly a busy machine sends them.
        configuration.requestTimeout = .seconds(180)
        try await LiveServer.run(configuration: configuration) { server in
            var senders: [RawConnection] = []
            for _ in 0..<2 {
                let sender = try await server.connect()
                senders.append(sender)
                try await sender.send(
                    "POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(12 << 20)\r\n\r\n")
                await sender.sendAsFarAsPossible(
                    "{\"type\":\"a\",\"payload\":\"" + String(repeating: "x", count: 10 << 20))
            }
            let statuses = await withTaskGroup(of: Int?.self) { group in
                for sender in senders { group.addTask { await sender.reply()?.status } }
                defer { group.cancelAll() }
                return await group.next() ?? nil
            }
            #expect(statuses == 503)
            for sender in senders { try? await sender.close() }
            try await eventually("there is room again") {
                let sender = try await server.connect()
                try await sender.send(
                    ConnectionTests.post(
                        "{\"type\":\"a\",\"payload\":\"\(String(repeating: "x", count: 100_000))\"}"))
                return await sender.reply()?.status == 201
            }
        }
    }
}

@Suite("ByteBudget") struct ByteBudgetTests {
    @Test("Shares come and go") func shares() throws {
        let budget = ByteBudget(100 << 10)
        var first = budget.take(60 << 10)
        #expect(first != nil && budget.free == 40 << 10)
        #expect(budget.take(41 << 10) == nil)
        first?.resize(to: 90 << 10)
        #expect(budget.free == 10 << 10)
        let noted = budget.note(20 << 10)
        #expect(budget.free == -10 << 10)
        #expect(budget.take(upTo: 1) == nil)
        first = nil
        #expect(budget.free == 80 << 10)
        withExtendedLifetime(noted) {}
    }

    @Test("A read of unknown size takes part of the free budget") func parts() throws {
        let budget = ByteBudget(64 << 20)
        var shares: [ByteBudget.Share] = []
        while let share = budget.take(upTo: 8 << 20) { shares.append(share) }
        #expect(shares.first?.bytes == 8 << 20)
        #expect(shares.count > 30 && budget.free >= 0)
        shares = []
        #expect(budget.free == 64 << 20)
    }
}
