import NIOCore
import NIOPosix
import Synchronization

/// A web service on a free port that replies with the exact bytes given by a test, valid HTTP or not.
package final class ScriptedService: Sendable {
    /// The next action on a connection.
    package enum Step: Sendable {
        case send(String)
        case pause(Duration)
        case close
    }

    /// A complete request.
    package struct Call: Sendable {
        /// Number of the connection, from 1, in order of opening.
        package let connection: Int
        /// Number of the request on its connection, from 1.
        package let request: Int
        package let text: String
    }

    package typealias Script = @Sendable (Call) -> [Step]

    package let port: Int
    private let listener: any Channel
    private let record: Record

    /// State shared by all connections.
    fileprivate final class Record: Sendable {
        let calls = Mutex<[Call]>([])
        let connections = Mutex(0)
    }

    package static func start(_ script: @escaping Script) async throws -> ScriptedService {
        let record = Record()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptedConnection(record, script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return ScriptedService(port: listener.localAddress?.port ?? 0, listener: listener, record: record)
    }

    private init(port: Int, listener: any Channel, record: Record) {
        self.port = port
        self.listener = listener
        self.record = record
    }

    deinit {
        listener.close(promise: nil)
    }

    /// The requests so far.
    package var calls: [Call] { record.calls.withLock { $0 } }

    /// Returns an ordinary reply.
    package static func answer(_ status: String = "200 OK", headers: [String] = [], body: String = "{}")
        -> Step
    {
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
        return .send(lines.map { $0 + "\r\n" }.joined() + "\r\n" + body)
    }
}

private final class ScriptedConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let record: ScriptedService.Record
    private let script: ScriptedService.Script
    private let number: Int
    private var requests = 0
    private var bytes: [UInt8] = []

    init(_ record: ScriptedService.Record, _ script: @escaping ScriptedService.Script) {
        self.record = record
        self.script = script
        number = record.connections.withLock { count in
            count += 1
            return count
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        bytes += unwrapInboundIn(data).readableBytesView
        guard let text = takeRequest() else { return }
        requests += 1
        let call = ScriptedService.Call(connection: number, request: requests, text: text)
        record.calls.withLock { $0.append(call) }
        perform(script(call)[...], context)
    }

    /// Returns the received request; nil if it is incomplete.
    private func takeRequest() -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let head = text.firstRange(of: "\r\n\r\n") else { return nil }
        let length = text[..<head.lowerBound].lowercased().split(separator: "\r\n")
            .first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).filter { $0 != " " }) }
        guard text[head.upperBound...].utf8.count >= length ?? 0 else { return nil }
        bytes = []
        return text
    }

    private func perform(_ steps: ArraySlice<ScriptedService.Step>, _ context: ChannelHandlerContext) {
        var rest = steps
        while let step = rest.popFirst() {
            switch step {
            case .send(let text):
                context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .close:
                context.close(promise: nil)
            case .pause(let time):
                let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
                context.eventLoop.scheduleTask(in: TimeAmount(time)) { [rest] in
                    let (handler, context) = bound.value
                    guard context.channel.isActive else { return }
                    handler.perform(rest, context)
                }
                return
            }
        }
    }
}

@available(*, unavailable)
extension ScriptedConnection: Sendable {}
