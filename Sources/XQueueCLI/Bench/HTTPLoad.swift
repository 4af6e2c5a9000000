import NIOCore
import NIOPosix
import Synchronization

/// Sends the same HTTP request over many connections, the next one as soon as the last is answered.
///
/// It is as thin as it can be, since it shares the processors with the server it measures: requests are
/// bytes made once, and of an answer only the status and the length are read.
struct HTTPLoad {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let port: Int
    let connections: Int
    let request: ByteBuffer
    let group: any EventLoopGroup

    /// Answers how long each of `total` requests took, in nanoseconds.
    func run(_ total: Int, progress: @escaping @Sendable (Int) -> Void) async throws -> [Int64] {
        let taken = Counter()
        return try await withThrowingTaskGroup(of: [Int64].self) { tasks in
            for _ in 0..<min(connections, total) {
                tasks.addTask {
                    let promise = group.next().makePromise(of: [Int64].self)
                    let channel = try await ClientBootstrap(group: group)
                        .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                        .channelInitializer { channel in
                            channel.eventLoop.makeCompletedFuture {
                                try channel.pipeline.syncOperations.addHandler(
                                    LoadHandler(
                                        request: request, total: total, taken: taken, promise: promise,
                                        progress: progress))
                            }
                        }
                        .connect(host: "127.0.0.1", port: port).get()
                    let latencies = try await promise.futureResult.get()
                    try await channel.close()
                    return latencies
                }
            }
            return try await tasks.reduce(into: []) { $0 += $1 }
        }
    }

    /// A POST of `body` as JSON.
    static func post(_ path: String, _ body: String) -> ByteBuffer {
        ByteBuffer(
            string: """
                POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
                Content-Length: \(body.utf8.count)\r\n\r\n\(body)
                """)
    }
}

/// One connection of the load.
///
/// `@unchecked Sendable`: NIO calls a handler on its channel's event loop only.
private final class LoadHandler: ChannelInboundHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: ByteBuffer
    private let total: Int
    private let taken: Counter
    private let promise: EventLoopPromise<[Int64]>
    private let progress: @Sendable (Int) -> Void
    private var received = ByteBuffer()
    private var latencies: [Int64] = []
    private var start = ContinuousClock.now

    init(
        request: ByteBuffer, total: Int, taken: Counter, promise: EventLoopPromise<[Int64]>,
        progress: @escaping @Sendable (Int) -> Void
    ) {
        self.request = request
        self.total = total
        self.taken = taken
        self.promise = promise
        self.progress = progress
    }

    func channelActive(context: ChannelHandlerContext) {
        send(context)
    }

    private func send(_ context: ChannelHandlerContext) {
        let number = taken.next()
        guard number <= total else { return promise.succeed(latencies) }
        if number & 255 == 0 { progress(number) }
        start = .now
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        guard let end = answerEnd() else { return }
        received.moveReaderIndex(to: end)
        received.discardReadBytes()
        latencies.append(start.nanosecondsSince)
        send(context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(HTTPLoad.Failure(description: "the server closed a connection"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }

    /// Where the answer ends; nil while it is not all there.
    private func answerEnd() -> Int? {
        let view = received.readableBytesView
        guard let head = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let text = String(decoding: view[..<head.lowerBound], as: UTF8.self).lowercased()
        guard text.hasPrefix("http/1.1 2") else {
            promise.fail(HTTPLoad.Failure(description: "the server answered: \(text.prefix(100))"))
            return nil
        }
        guard let field = text.firstRange(of: "content-length: "),
            let length = Int(text[field.upperBound...].prefix { $0.isNumber })
        else {
            promise.fail(HTTPLoad.Failure(description: "the answer has no length"))
            return nil
        }
        let end = head.upperBound + length
        return end <= view.endIndex ? end : nil
    }
}
