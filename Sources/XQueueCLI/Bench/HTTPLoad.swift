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
        let start = received.readerIndex
        let answer = received.withUnsafeReadableBytes { AnswerHead($0) }
        switch answer {
        case .incomplete: return nil
        case .unusable(let text):
            promise.fail(HTTPLoad.Failure(description: "the server answered: \(text)"))
            return nil
        case .complete(let length):
            return length <= received.readableBytes ? start + length : nil
        }
    }
}

/// What the first lines of an answer say, read with as little work as possible.
enum AnswerHead {
    case incomplete
    /// The length of head and body together.
    case complete(length: Int)
    /// Not a success, or without a length.
    case unusable(String)

    init(_ bytes: UnsafeRawBufferPointer) {
        guard let end = Self.index(of: "\r\n\r\n", in: bytes) else {
            self = .incomplete
            return
        }
        // "HTTP/1.1 2…", and then "Content-Length: " with either case of its capitals.
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

    /// Where the text after `mark`, any one byte and `rest` begins.
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
