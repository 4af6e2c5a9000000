import Foundation
import Testing
import XQueueTestServers
import XQueueTesting

#if os(Linux)
/// The program stays small whatever clients request and do not read. Without any one of the limits, a part would far
/// exceed its bound.
@Suite("Resident memory of the program", .serialized, .timeLimit(.minutes(5))) struct MemoryTests {
    private static let megabyte = String(repeating: "x", count: 1_000_000)

    /// The current (`VmRSS`) or peak (`VmHWM`) size in MiB.
    private func size(of server: ServerProcess, _ name: String = "VmRSS") throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(server.processIdentifier)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
        return try #require(line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) })
            / 1024
    }

    private func fill(_ api: API, _ count: Int) async throws {
        for index in 0..<count {
            let reply = try await api.send(
                "POST", "/tasks", #"{"type":"large\#(index % 6)","payload":"\#(Self.megabyte)"}"#)
            #expect(reply.status == 201)
        }
    }

    @Test("Pages that are not read, and a lease of everything") func largeAnswers() async throws {
        let server = try await ServerProcess(in: ServerFolder(), ["--server-idle-timeout", "1h"])
        let api = API(server)
        try await fill(api, 60)
        let port = try #require(server.address.port)
        let before = try size(of: server)
        let request = "GET /api/v1/tasks?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        // Each page holds at least one task even when little room is left, and the socket buffers hold little of it.
        let readers = (0..<80).map { _ in
            SilentClient(port, String(repeating: request, count: 4), isNarrow: true)
        }
        #expect(readers.allSatisfy { $0.isConnected })
        try await eventually("no room is left") {
            try await api.send("GET", "/tasks?limit=1").status == 503
        }
        // 128 of these are the replies, and up to 36 the four pages being read. It was 850 when large replies were
        // copied into one buffer, 400 when the event loop got more than the readers took, and without limits each
        // reader would have 60 MB in flight.
        let grown = try size(of: server) - before
        #expect(grown < 220, "\(grown) MiB")
        #expect(try await api.send("GET", "/health").status == 200)
        for reader in readers { reader.close() }
        try await eventually("there is room again") {
            try await api.send("GET", "/tasks?limit=1").status == 200
        }
        let types = (0..<6).map { "\"large\($0)\"" }.joined(separator: ",")
        let leased = try await api.send(
            "POST", "/leases", #"{"worker":"w","types":[\#(types)],"max_tasks":1000}"#)
        #expect(leased.status == 200 && leased.body.count < 10 << 20)
        #expect(leased.text.contains(#""has_more":true"#))
        let peak = try size(of: server, "VmHWM") - before
        #expect(peak < 220, "\(peak) MiB")
    }

    @Test("Subscriptions with very many filters") func filters() async throws {
        // These clients do not answer pings and stay just below the limit of all filters.
        let server = try await ServerProcess(
            in: ServerFolder(),
            ["--server-stream-heartbeat", "1h", "--server-max-all-filter-values", "20000"])
        let port = try #require(server.address.port)
        func follower() throws -> SilentClient {
            let client = SilentClient(port, SilentClient.handshake)
            try #require(client.read(until: #""event":"hello""#))
            return client
        }
        let clients = try (0..<20).map { _ in try follower() }
        let before = try size(of: server)
        let messages = (0..<99).map { number in
            let values = (0..<990).map { "\"t\(number)-\($0)\"" }.joined(separator: ",")
            return SilentClient.frame(#"{"action":"subscribe","id":"\#(number)","type":[\#(values)]}"#)
        }
        let last = SilentClient.frame(#"{"action":"subscribe","id":"last"}"#)
        for client in clients {
            #expect((messages + [last]).allSatisfy { client.send($0) })
            let answers = try #require(client.text(until: #""subscribed","id":"last""#))
            #expect(answers.contains(#""subscribed","id":"0""#))
            #expect(answers.ranges(of: "filter has 1980 values in total; the limit is 1000").count == 98)
        }
        let another = try follower()
        #expect(another.send(messages[0]))
        #expect(another.read(until: "filter value limit for all event subscribers reached"))
        let query = (0..<201).map { "type=t\($0)" }.joined(separator: "&")
        let stream = try await API(server).send(
            "GET", "/events?\(query)", headers: ["Accept": "text/event-stream"])
        #expect(stream.status == 503 && stream.text.contains("too_many_subscribers"))
        // With all requested filters it was 280 MiB.
        let grown = try size(of: server) - before
        #expect(grown < 30, "\(grown) MiB")
        clients[0].close()
        try await eventually("there is room again") {
            another.send(messages[0]) && another.text(until: #""event":"#)?.contains("subscribed") == true
        }
    }

    @Test("Followers of events that read nothing") func followers() async throws {
        let server = try await ServerProcess(in: ServerFolder())
        let port = try #require(server.address.port)
        let api = API(server)
        let request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
        let readers = (0..<80).map { _ in SilentClient(port, request, isNarrow: true) }
        for reader in readers { #expect(reader.read(until: "event: hello")) }
        let before = try size(of: server)
        let batch = Array(repeating: #"{"type":"a"}"#, count: 500).joined(separator: ",")
        for _ in 0..<6 {
            #expect(try await api.send("POST", "/tasks/batch", #"{"tasks":[\#(batch)]}"#).status == 201)
        }
        // These events have reached the clients that read, and so the others' buffers.
        let follower = SilentClient(port, request.replacing("events HTTP", with: "events?after=0 HTTP"))
        #expect(follower.read(until: "\"event\":\"status\"", count: 3000))
        let grown = try size(of: server) - before
        #expect(grown < 60, "\(grown) MiB")
    }
}

/// A client that sends given bytes and reads only on request.
private final class SilentClient {
    static let handshake = [
        "GET /api/v1/events HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket",
        "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "\r\n",
    ].joined(separator: "\r\n")

    /// A WebSocket frame of less than 64 KiB with a zero mask.
    static func frame(_ text: String) -> [UInt8] {
        let payload = Array(text.utf8)
        var head: [UInt8] = [0x81]
        if payload.count < 126 {
            head.append(0x80 | UInt8(payload.count))
        } else {
            head += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        }
        return head + [0, 0, 0, 0] + payload
    }

    private var socket: LoopbackSocket?
    private(set) var isConnected = false

    init(_ port: Int, _ text: String, isNarrow: Bool = false) {
        let socket = LoopbackSocket()
        if isNarrow { socket.narrow() }
        socket.limit(seconds: 120)
        isConnected = socket.connect(port) && socket.write(Array(text.utf8))
        self.socket = consume socket
    }

    func close() {
        socket = nil
    }

    /// Returns false if the connection broke.
    func send(_ bytes: [UInt8]) -> Bool {
        socket?.write(bytes) ?? false
    }

    /// Returns what was received up to `end`; nil if the connection ends before.
    func text(until end: String) -> String? {
        var text = ""
        while !text.contains(end) {
            guard let bytes = socket?.read() else { return nil }
            text += String(decoding: bytes, as: UTF8.self)
        }
        return text
    }

    /// Reads until `text` was received `count` times; returns false if the connection ends before.
    func read(until text: String, count: Int = 1) -> Bool {
        let wanted = Array(text.utf8)
        var rest: [UInt8] = []
        var found = 0
        while found < count {
            guard let bytes = socket?.read() else { return false }
            rest += bytes
            while let range = rest.firstRange(of: wanted) {
                found += 1
                rest.removeSubrange(..<range.upperBound)
            }
            rest = rest.suffix(wanted.count)
        }
        return true
    }
}
#endif
