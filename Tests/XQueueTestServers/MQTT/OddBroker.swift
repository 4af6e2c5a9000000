import NIOCore
import NIOPosix
import Synchronization

/// A broker on the loopback interface that answers the first bytes of each client with whatever bytes a test gives.
package final class OddBroker: Sendable {
    /// What it sends.
    package struct Answer: Sendable {
        /// Comes once, at first.
        package var start: [UInt8]
        /// Comes after that, again and again.
        package var chunk: [UInt8]
        /// How many times, as long as the client takes it.
        package var repeats: Int

        /// - Parameters:
        ///   - start: Comes once, at first.
        ///   - chunk: Comes after that, again and again.
        ///   - repeats: How many times, as long as the client takes it.
        package init(_ start: [UInt8], then chunk: [UInt8] = [], repeats: Int = 0) {
            self.start = start
            self.chunk = chunk
            self.repeats = repeats
        }
    }

    private struct State {
        var clients = 0
        var sent = 0
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    /// What its connections share.
    fileprivate final class Shared: Sendable {
        private let state = Mutex(State())
        let answer: Answer

        init(_ answer: Answer) {
            self.answer = answer
        }

        var clients: Int { state.withLock { $0.clients } }
        var sent: Int { state.withLock { $0.sent } }
        var channels: [any Channel] { state.withLock { Array($0.channels.values) } }

        func add(_ channel: any Channel) {
            state.withLock { state in
                state.clients += 1
                state.channels[ObjectIdentifier(channel)] = channel
            }
            channel.closeFuture.whenComplete { _ in
                self.state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
            }
        }

        func noteSent(_ count: Int) {
            state.withLock { $0.sent += count }
        }
    }

    private let listener: any Channel
    private let shared: Shared

    /// Starts one on a port of the loopback interface that nobody else has.
    package static func start(_ answer: Answer, port: Int) async throws -> OddBroker {
        let shared = Shared(answer)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    shared.add(channel)
                    try channel.pipeline.syncOperations.addHandler(OddConnection(shared))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return OddBroker(listener, shared)
    }

    private init(_ listener: any Channel, _ shared: Shared) {
        self.listener = listener
        self.shared = shared
    }

    deinit {
        listener.close(promise: nil)
        for channel in shared.channels { channel.close(promise: nil) }
    }

    /// How many clients have come.
    package var clients: Int { shared.clients }
    /// How many bytes the system has taken to send, over all connections.
    package var sentBytes: Int { shared.sent }

    /// Ends it, so that the port is free for another one.
    package func stop() async throws {
        try await listener.close()
        for channel in shared.channels { try? await channel.close() }
    }
}

private final class OddConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let shared: OddBroker.Shared
    private var hasAnswered = false
    private var left: Int

    init(_ shared: OddBroker.Shared) {
        self.shared = shared
        left = shared.answer.repeats
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasAnswered else { return }
        hasAnswered = true
        send(shared.answer.start, context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// Sends, and then what comes next, once the system has taken it.
    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let shared = shared
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenSuccess {
            shared.noteSent(bytes.count)
            // Others on this loop have their turn first.
            bound.eventLoop.execute {
                let (handler, context) = bound.value
                guard handler.left > 0, context.channel.isActive else { return }
                handler.left -= 1
                handler.send(shared.answer.chunk, context)
            }
        }
    }
}

@available(*, unavailable)
extension OddConnection: Sendable {}
