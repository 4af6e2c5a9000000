import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

@Suite("WebSocket", .timeLimit(.minutes(5))) struct SocketTests {
    @Test("Messages subscribe and unsubscribe") func subscriptions() async throws {
        try await LiveServer.run { server in
            let client = try await server.follow(.socket, "?type=a")
            try await client.hello()
            try await client.send(text: #"{"action":"subscribe","id":"b","type":["b"],"status":["pending"]}"#)
            #expect(try await client.next(1)[0].text == #"{"event":"subscribed","id":"b"}"#)
            let both = try await server.submit(type: "a") + server.submit(type: "b")
            #expect(try await client.next(2).map { $0.string("task_id") } == both.map(\.description))
            // Two subscriptions match the same event: it is sent once.
            try await client.send(text: #"{"action":"subscribe","id":"c","task_id":["\#(both[0])"]}"#)
            #expect(try await client.next(1)[0].string("id") == "c")
            _ = try await server.manager.cancel(both[0])
            #expect(try await client.next(1)[0].string("status") == "canceled")
            for id in ["default", "b", "c"] {
                try await client.send(text: #"{"action":"unsubscribe","id":"\#(id)"}"#)
                #expect(try await client.next(1)[0].text == #"{"event":"unsubscribed","id":"\#(id)"}"#)
            }
            try await server.submit(3, type: "a")
            try await client.send(text: #"{"action":"subscribe","id":"b","type":["z"]}"#)
            #expect(try await client.next(1)[0].string("event") == "subscribed")
            let z = try await server.submit(type: "z")[0]
            #expect(try await client.next(1)[0].string("task_id") == z.description)
        }
    }

    @Test(
        "An invalid message gets an error, and the stream continues",
        arguments: [
            ("{", "the message is not JSON"), ("[]", "must be a JSON object"), ("{}", "id is required"),
            (#"{"id":"a"}"#, "action must be"), (#"{"action":"dance","id":"a"}"#, "action must be"),
            (#"{"action":"subscribe"}"#, "id is required"),
            (#"{"action":"subscribe","id":""}"#, "id must be 1 to"),
            (#"{"action":"subscribe","id":"a","task_id":["x"]}"#, "task_id must be"),
            (#"{"action":"subscribe","id":"a","type":"x"}"#, "type must be an array"),
            (#"{"action":"subscribe","id":"a","type":[1]}"#, "type must be an array"),
            (#"{"action":"subscribe","id":"a","status":["x"]}"#, "status must be one of"),
            (#"{"action":"subscribe","id":"a","x":1}"#, "unknown field x"),
            (#"{"action":"unsubscribe","id":"a"}"#, "is not a subscription"),
        ])
    func malformed(message: String, words: String) async throws {
        try await LiveServer.run { server in
            let client = try await server.follow()
            try await client.hello()
            try await client.send(text: message)
            let reply = try await client.next(1)[0]
            #expect(reply.memberNames == ["event", "message"])
            #expect(reply.string("message")?.contains(words) == true, "\(reply.text)")
            try await server.submit()
            #expect(try await client.next(1)[0].string("status") == "pending")
        }
    }

    @Test("The numbers of subscriptions and values are limited") func bounds() async throws {
        try await LiveServer.run { server in
            let client = try await server.follow()
            try await client.hello()
            for number in 1..<100 {
                try await client.send(text: #"{"action":"subscribe","id":"\#(number)"}"#)
                #expect(try await client.next(1)[0].string("event") == "subscribed")
            }
            try await client.send(text: #"{"action":"subscribe","id":"more"}"#)
            #expect(try await client.next(1)[0].string("message")?.contains("100") == true)
            let values = (0...1000).map { "\"\($0)\"" }.joined(separator: ",")
            try await client.send(text: #"{"action":"subscribe","id":"1","type":[\#(values)]}"#)
            #expect(try await client.next(1)[0].string("message")?.contains("at most 1000") == true)
        }
    }

    @Test("So are the total values of one client and of all clients") func values()
        async throws
    {
        var queue = QueueConfiguration()
        queue.maxFilterValues = 20
        queue.maxAllFilterValues = 50
        try await LiveServer.run(queue: queue) { server in
            func subscribe(_ client: EventClient, _ id: String, _ count: Int) async throws -> APIReply {
                let values = (0..<count).map { "\"t\($0)\"" }.joined(separator: ",")
                try await client.send(text: #"{"action":"subscribe","id":"\#(id)","type":[\#(values)]}"#)
                return try await client.next(1)[0]
            }
            var clients: [EventClient] = []
            for _ in 0..<3 {
                let client = try await server.follow()
                try await client.hello()
                clients.append(client)
            }
            for client in clients.prefix(2) {
                #expect(try await subscribe(client, "1", 15).string("event") == "subscribed")
                #expect(try await subscribe(client, "2", 6).string("message")?.contains("21 values") == true)
                #expect(try await subscribe(client, "2", 5).string("event") == "subscribed")
                #expect(try await subscribe(client, "1", 15).string("event") == "subscribed")
            }
            #expect(try await subscribe(clients[2], "1", 10).string("event") == "subscribed")
            #expect(
                try await subscribe(clients[2], "2", 1).string("message")?.contains("all event subscribers")
                    == true)
            // A rejected subscription changes nothing, and released values are free for others.
            try await clients[0].send(text: #"{"action":"unsubscribe","id":"1"}"#)
            _ = try await clients[0].next(1)
            #expect(try await subscribe(clients[2], "2", 1).string("event") == "subscribed")
            let feed = try await server.follow(
                .feed, "?" + (0..<21).map { "type=t\($0)" }.joined(separator: "&"))
            #expect(await feed.status() == 400)
            let other = try await server.follow(
                .feed, "?" + (0..<20).map { "type=t\($0)" }.joined(separator: "&"))
            #expect(await other.status() == 503)
        }
    }

    @Test("Fragmented messages, with a ping in between") func pieces() async throws {
        try await LiveServer.run { server in
            let client = try await server.follow()
            try await client.hello()
            let message = Array(#"{"action":"subscribe","id":"ü"}"#.utf8)
            try await client.send(1, Array(message[..<28]), isLast: false)
            try await client.send(9, Array("are you there?".utf8))
            try await client.send(0, [], isLast: false)
            try await client.send(0, Array(message[28...]))
            #expect(try await client.next(1)[0].string("id") == "ü")
            #expect(await client.pongs == ["are you there?"])
        }
    }

    @Test(
        "A protocol violation ends the stream with its close code",
        arguments: [
            (2, [1], true, 0, 1003), (1, [0xFF], true, 0, 1007), (0, [1], true, 0, 1002),
            (3, [1], true, 0, 1002), (11, [1], true, 0, 1002), (1, [0x20], true, 0x40, 1002),
            (9, [], false, 0, 1002), (8, [3], true, 0, 1002), (8, [0x03, 0xED], true, 0, 1002),
            (8, [0x03, 0xE8, 0xFF], true, 0, 1002),
        ] as [(UInt8, [UInt8], Bool, UInt8, Int)])
    func broken(opcode: UInt8, payload: [UInt8], isLast: Bool, reserved: UInt8, code: Int) async throws {
        try await LiveServer.run { server in
            let client = try await server.follow()
            try await client.hello()
            try await client.send(opcode, payload, isLast: isLast, reserved: reserved)
            #expect(await client.next() == nil)
            #expect(await client.end?.code == code)
            await client.readToEnd()
        }
    }

    @Test("An unmasked frame, and a message within a message") func moreBroken() async throws {
        try await LiveServer.run { server in
            let unmasked = try await server.follow()
            try await unmasked.hello()
            try await unmasked.send([0x81, 1, 0x20])
            #expect(await unmasked.next() == nil)
            #expect(await unmasked.end?.code == 1002)
            let nested = try await server.follow()
            try await nested.hello()
            try await nested.send(1, [0x20], isLast: false)
            try await nested.send(1, [0x20])
            #expect(await nested.next() == nil)
            #expect(await nested.end?.code == 1002)
        }
    }

    @Test("Messages are limited to 64 KiB, fragmented or not") func size() async throws {
        try await LiveServer.run { server in
            let space = { (count: Int) in [UInt8](repeating: 0x20, count: count) }
            let client = try await server.follow()
            try await client.hello()
            try await client.send(1, space(64 << 10))
            #expect(try await client.next(1)[0].string("event") == "error")
            try await client.send(1, space((64 << 10) + 1))
            #expect(await client.next() == nil)
            #expect(await client.end?.code == 1009)
            let other = try await server.follow()
            try await other.hello()
            try await other.send(1, space(60_000), isLast: false)
            try await other.send(0, space(6000), isLast: false)
            #expect(await other.next() == nil)
            #expect(await other.end?.code == 1009)
        }
    }

    @Test("A close is echoed with its code") func close() async throws {
        try await LiveServer.run { server in
            let client = try await server.follow()
            try await client.hello()
            try await client.send(8, [0x0F, 0xA0] + Array("bye".utf8))
            #expect(await client.next() == nil)
            #expect(await client.end == .init(code: 4000, reason: ""))
            let quiet = try await server.follow()
            try await quiet.hello()
            try await quiet.send(8, [])
            #expect(await quiet.next() == nil)
            #expect(await quiet.end?.code == 1000)
        }
    }
}
