import NIOCore
import NIOPosix

/// Sends the same HTTP request repeatedly over many connections, the next one as soon as the previous one has a reply.
///
/// It is minimal, since it shares the processors with the measured server: the request is encoded once, and only the
/// status and length of replies are parsed.
struct HTTPLoad {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private var connections: [LoadConnection] = []

    /// Opens the connections for the duration of `body`.
    static func use<Value>(
        port: Int, connections: Int, request: ByteBuffer, group: any EventLoopGroup,
        _ body: (HTTPLoad) async throws -> Value
    ) async throws -> Value {
        var load = HTTPLoad()
        do {
            for _ in 0..<connections {
                load.connections.append(
                    try await LoadConnection.open(port: port, request: request, group: group))
            }
            let value = try await body(load)
            await load.close()
            return value
        } catch {
            await load.close()
            throw error
        }
    }

    /// Sends `total` requests and returns the duration of each in nanoseconds.
    func run(_ total: Int, progress: @escaping @Sendable (Int) -> Void) async throws -> [Int64] {
        let taken = Counter()
        let turns = connections.map { $0.send(total, taken, progress) }
        var latencies: [Int64] = []
        for turn in turns { latencies += try await turn.get() }
        return latencies
    }

    private func close() async {
        for connection in connections { try? await connection.channel.close() }
    }

    /// Encodes a POST request with a JSON body.
    static func post(_ path: String, _ body: String) -> ByteBuffer {
        ByteBuffer(
            string: """
                POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
                Content-Length: \(body.utf8.count)\r\n\r\n\(body)
                """)
    }
}

/// A connection of the load.
private struct LoadConnection: Sendable {
    let channel: any Channel
    private let handler: LoadHandler

    static func open(
        port: Int, request: ByteBuffer, group: any EventLoopGroup
    ) async throws -> LoadConnection {
        let handler = LoadHandler(request: request)
        let channel = try await ClientBootstrap(group: group)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return LoadConnection(channel: channel, handler: handler)
    }

    /// Sends requests until all connections together have sent `total`.
    func send(
        _ total: Int, _ taken: Counter, _ progress: @escaping @Sendable (Int) -> Void
    ) -> EventLoopFuture<[Int64]> {
        let promise = channel.eventLoop.makePromise(of: [Int64].self)
        channel.eventLoop.execute { [handler] in
            handler.begin(LoadHandler.Turn(total: total, taken: taken, promise: promise, progress: progress))
        }
        return promise.futureResult
    }
}

/// Sends and receives on one connection.
///
/// `@unchecked Sendable`: NIO calls a handler on its channel's event loop only, and so does `LoadConnection`.
private final class LoadHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A set of requests that are measured together.
    struct Turn {
        let total: Int
        let taken: Counter
        let promise: EventLoopPromise<[Int64]>
        let progress: @Sendable (Int) -> Void
        var latencies: [Int64] = []
    }

    private let request: ByteBuffer
    private var context: ChannelHandlerContext?
    private var turn: Turn?
    private var received = ByteBuffer()
    private var start = ContinuousClock.now

    init(request: ByteBuffer) {
        self.request = request
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func begin(_ turn: Turn) {
        self.turn = turn
        guard let context, context.channel.isActive else {
            return fail(HTTPLoad.Failure(description: "the server closed a connection"))
        }
        send(context)
    }

    private func fail(_ error: any Error) {
        turn?.promise.fail(error)
        turn = nil
    }

    private func send(_ context: ChannelHandlerContext) {
        guard let turn else { return }
        let number = turn.taken.next()
        guard number <= turn.total else {
            turn.promise.succeed(turn.latencies)
            self.turn = nil
            return
        }
        if number & 255 == 0 { turn.progress(number) }
        start = .now
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        guard let end = replyEnd() else { return }
        received.moveReaderIndex(to: end)
        received.discardReadBytes()
        turn?.latencies.append(start.nanosecondsSince)
        send(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(HTTPLoad.Failure(description: "the server closed a connection"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    /// Returns the end of the reply; nil while it is incomplete.
    private func replyEnd() -> Int? {
        let start = received.readerIndex
        let head = received.withUnsafeReadableBytes { ReplyHead($0) }
        switch head {
        case .incomplete: return nil
        case .unusable(let text):
            fail(HTTPLoad.Failure(description: "unexpected reply: \(text)"))
            return nil
        case .complete(let length):
            return length <= received.readableBytes ? start + length : nil
        }
    }
}

/// The status and length of a reply, parsed with minimal work.
enum ReplyHead {
    case incomplete
    /// The length of head plus body.
    case complete(length: Int)
    /// The reply is not a success, or has no length.
    case unusable(String)

    init(_ bytes: UnsafeRawBufferPointer) {
        guard let end = Self.index(of: "\r\n\r\n", in: bytes) else {
            self = .incomplete
            return
        }
        // "HTTP/1.1 2…", then "Content-Length: " with its capitals in either case.
        let isSuccess = bytes.count > 9 && bytes[9] == UInt8(ascii: "2")
        guard isSuccess, let field = Self.index(of: "ontent-", in: bytes, then: "ength: ") else {
            self = .unusable(String(decoding: bytes.prefix(200), as: UTF8.self))
            return
        }
        var length = 0
        for byte in bytes[field...] {
            guard 0x30...0x39 ~= byte else { break }
            length = length * 10 + Int(byte - 0x30)
        }
        self = .complete(length: end + length)
    }

    /// Returns the index after `mark`, any single byte, and `rest`.
    private static func index(
        of mark: StaticString, in bytes: UnsafeRawBufferPointer, then rest: StaticString? = nil
    ) -> Int? {
        let count = mark.utf8CodeUnitCount
        var at = 0
        while at + count <= bytes.count {
            if matches(bytes.baseAddress.map { $0 + at }, mark) {
                guard let rest else { return at + count }
                let next = at + count + 1
                if next + rest.utf8CodeUnitCount <= bytes.count,
                    matches(bytes.baseAddress.map { $0 + next }, rest)
                {
                    return next + rest.utf8CodeUnitCount
                }
            }
            at += 1
        }
        return nil
    }

    private static func matches(_ start: UnsafeRawPointer?, _ mark: StaticString) -> Bool {
        guard let start else { return false }
        for index in 0..<mark.utf8CodeUnitCount
        where start.load(fromByteOffset: index, as: UInt8.self) != mark.utf8Start[index] {
            return false
        }
        return true
    }
}
