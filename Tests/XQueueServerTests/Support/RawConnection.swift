import NIOCore
import NIOPosix

/// A connection that sends arbitrary bytes, and reads replies one by one.
actor RawConnection {
    struct Reply {
        let status: Int
        let head: String
        let body: String
    }

    private let channel: any Channel
    private let chunks: AsyncStream<String>
    private var received = ""

    init(port: Int) async throws {
        let (chunks, sink) = AsyncStream.makeStream(of: String.self)
        self.chunks = chunks
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(sink: sink))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ text: String) async throws {
        try await channel.writeAndFlush(ByteBuffer(string: text))
    }

    func send(bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// Sends bytes that the server may not accept.
    func sendAsFarAsPossible(_ text: String) {
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
    }

    /// Stops reading from the network.
    func stopReading() async throws {
        try await channel.setOption(.autoRead, value: false).get()
    }

    /// Sends until the server stops reading.
    func waitForReset() async throws {
        while channel.isActive, !Task.isCancelled {
            do { try await send("\r\n") } catch { return }
        }
    }

    func finishSending() async throws {
        try await channel.close(mode: .output)
    }

    func close() async throws {
        try await channel.close()
    }

    /// The next reply; nil if the server closed the connection first.
    func reply() async -> Reply? {
        guard let head = await take(until: "\r\n\r\n") else { return nil }
        let length = head.split(separator: "\r\n")
            .first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.drop { $0 != ":" }.dropFirst().drop { $0 == " " }) }
        while received.utf8.count < length ?? 0 {
            guard await receive() else { return nil }
        }
        let body = String(decoding: received.utf8.prefix(length ?? 0), as: UTF8.self)
        received = String(decoding: received.utf8.dropFirst(length ?? 0), as: UTF8.self)
        return Reply(status: Int(head.dropFirst(9).prefix(3)) ?? 0, head: head, body: body)
    }

    /// Waits until the server has closed its side; returns what arrived before.
    func end() async -> String {
        while await receive() {}
        return received
    }

    private func take(until mark: String) async -> String? {
        while true {
            if let range = received.firstRange(of: mark) {
                defer { received = String(received[range.upperBound...]) }
                return String(received[..<range.lowerBound])
            }
            guard await receive() else { return nil }
        }
    }

    private func receive() async -> Bool {
        for await chunk in chunks {
            received += chunk
            return true
        }
        return false
    }
}

/// Hands on what arrives, and ends when the server stops sending.
private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let sink: AsyncStream<String>.Continuation

    init(sink: AsyncStream<String>.Continuation) {
        self.sink = sink
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        sink.yield(String(buffer: unwrapInboundIn(data)))
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
