import NIOCore
import NIOPosix
import XQueueCore

/// A client of the event stream, for either transport.
actor EventClient {
    enum Transport: CaseIterable, Sendable {
        case socket, feed
    }

    /// How the server ended the stream: the WebSocket close code, or the feed's last event.
    struct End: Equatable {
        var code: Int?
        var reason: String
    }

    let transport: Transport
    private let channel: any Channel
    private let chunks: AsyncStream<[UInt8]>
    private var received: [UInt8] = []
    private(set) var head = ""
    private(set) var end: End?
    private(set) var heartbeats = 0
    private(set) var pongs: [String] = []
    private var answersPings = true

    init(
        port: Int, _ transport: Transport = .socket, _ query: String = "", headers: [String] = [],
        path: String = "/api/v1/events"
    ) async throws {
        self.transport = transport
        let (chunks, sink) = AsyncStream.makeStream(of: [UInt8].self)
        self.chunks = chunks
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ByteCollector(sink: sink))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        let asked = ["GET \(path)\(query) HTTP/1.1", "Host: 127.0.0.1:\(port)"]
        // A header without a value removes the default one.
        let usual = Self.headers(of: transport).filter { line in
            !headers.contains { $0.prefix { $0 != ":" } == line.prefix { $0 != ":" } }
        }
        let lines = asked + usual + headers.filter { !$0.hasSuffix(": ") }
        try await send((lines + ["", ""]).joined(separator: "\r\n").utf8)
    }

    private static func headers(of transport: Transport) -> [String] {
        switch transport {
        case .feed: ["Accept: text/event-stream"]
        case .socket:
            [
                "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            ]
        }
    }

    /// Reads the head of the reply; returns its status.
    func status() async -> Int {
        while received.firstRange(of: Array("\r\n\r\n".utf8)) == nil {
            guard await receive() else { return 0 }
        }
        guard let range = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return 0 }
        head = String(decoding: received[..<range.lowerBound], as: UTF8.self)
        received.removeSubrange(..<range.upperBound)
        return Int(head.dropFirst(9).prefix(3)) ?? 0
    }

    /// Reads the body of an error whose head has been read.
    func rejection() async -> APIReply {
        while (try? RawJSON(bytes: received)) == nil, await receive() {}
        return APIReply(json: (try? RawJSON(bytes: received)) ?? .null)
    }

    /// Reads the head of the reply and the hello message; returns where the stream starts.
    @discardableResult
    func hello() async throws -> EventCursor {
        let status = await status()
        guard status == (transport == .socket ? 101 : 200) else { throw Unexpected(head) }
        guard let hello = await next(), hello.string("event") == "hello",
            let cursor = hello.string("cursor").flatMap({ EventCursor($0) })
        else { throw Unexpected("no hello") }
        return cursor
    }

    /// The next message; nil if the stream has ended.
    func next() async -> APIReply? {
        while true {
            if let message = transport == .socket ? takeFrame() : takeBlock() { return message }
            guard end == nil, await receive() else { return nil }
        }
    }

    /// The next `count` messages.
    func next(_ count: Int) async throws -> [APIReply] {
        var messages: [APIReply] = []
        while messages.count < count {
            guard let message = await next() else {
                throw Unexpected("the stream ended: \(String(describing: end))")
            }
            messages.append(message)
        }
        return messages
    }

    /// Reads to the end of the stream; returns the number of messages.
    @discardableResult
    func readToEnd() async -> Int {
        var count = 0
        while await next() != nil { count += 1 }
        while await receive() {}
        return count
    }

    /// Waits until `count` heartbeats have come.
    func waitForHeartbeats(_ count: Int) async throws {
        while heartbeats < count {
            if takeFrameOrBlock() == nil, heartbeats < count {
                guard end == nil, await receive() else { throw Unexpected("the stream ended") }
            }
        }
    }

    private func takeFrameOrBlock() -> APIReply? {
        transport == .socket ? takeFrame() : takeBlock()
    }

    // MARK: - Sending

    func send(_ bytes: some Sequence<UInt8>) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Sends a masked frame.
    func send(_ opcode: UInt8, _ payload: [UInt8], isLast: Bool = true, reserved: UInt8 = 0) async throws {
        let mask: [UInt8] = [1, 2, 3, 4]
        var bytes = [(isLast ? 0x80 : 0) | reserved | opcode]
        switch payload.count {
        case ...125: bytes.append(0x80 | UInt8(payload.count))
        case ...0xFFFF: bytes += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default:
            bytes.append(0x80 | 127)
            bytes += (0..<8).map { UInt8(payload.count >> (56 - 8 * $0) & 0xFF) }
        }
        bytes += mask
        bytes += payload.enumerated().map { $1 ^ mask[$0 % 4] }
        try await send(bytes)
    }

    func send(text: String) async throws {
        try await send(1, Array(text.utf8))
    }

    func stopAnsweringPings() {
        answersPings = false
    }

    /// Stops or resumes reading from the network.
    func setReading(_ isReading: Bool) async throws {
        try await channel.setOption(.autoRead, value: isReading).get()
        if isReading { channel.read() }
    }

    func close() async throws {
        try await channel.close()
    }

    // MARK: - Receiving

    private func receive() async -> Bool {
        for await chunk in chunks {
            received += chunk
            return true
        }
        return false
    }

    private func takeBlock() -> APIReply? {
        while let range = received.firstRange(of: Array("\n\n".utf8)) {
            let block = String(decoding: received[..<range.lowerBound], as: UTF8.self)
            received.removeSubrange(..<range.upperBound)
            if block == ": heartbeat" {
                heartbeats += 1
                continue
            }
            let lines = block.split(separator: "\n")
            let data = lines.first { $0.hasPrefix("data: ") }?.dropFirst(6)
            let message = APIReply(json: RawJSON(trusted: String(data ?? "")))
            let id = lines.first { $0.hasPrefix("id: ") }?.dropFirst(4)
            let word = lines.first { $0.hasPrefix("event: ") }?.dropFirst(7)
            guard id.map(String.init) == message.string("cursor"),
                word.map(String.init) == message.string("event")
            else { return APIReply(json: RawJSON(trusted: "\"malformed: \(block)\"")) }
            guard word == "close" else { return message }
            end = End(reason: message.string("reason") ?? "")
        }
        return nil
    }

    private func takeFrame() -> APIReply? {
        while received.count >= 2 {
            var length = Int(received[1] & 0x7F)
            var start = 2
            if length >= 126 {
                let digits = length == 126 ? 2 : 8
                start += digits
                guard received.count >= start else { return nil }
                length = received[2..<start].reduce(0) { $0 << 8 | Int($1) }
            }
            guard received.count >= start + length else { return nil }
            let opcode = received[0] & 0xF
            let payload = Array(received[start..<start + length])
            received.removeFirst(start + length)
            switch opcode {
            case 1: return APIReply(json: RawJSON(trusted: String(decoding: payload, as: UTF8.self)))
            case 8:
                let code = payload.count >= 2 ? Int(payload[0]) << 8 | Int(payload[1]) : nil
                end = End(code: code, reason: String(decoding: payload.dropFirst(2), as: UTF8.self))
            case 9:
                heartbeats += 1
                if answersPings { Task { try? await send(0xA, payload) } }
            default: pongs.append(String(decoding: payload, as: UTF8.self))
            }
        }
        return nil
    }
}

/// Hands on what arrives, and ends when the server stops sending.
private final class ByteCollector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let sink: AsyncStream<[UInt8]>.Continuation

    init(sink: AsyncStream<[UInt8]>.Continuation) {
        self.sink = sink
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        sink.yield(Array(unwrapInboundIn(data).readableBytesView))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { sink.finish() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        sink.finish()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        sink.finish()
        context.close(promise: nil)
    }
}
