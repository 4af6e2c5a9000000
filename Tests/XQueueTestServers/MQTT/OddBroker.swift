import NIOCore
import NIOPosix
import Synchronization

/// A broker on the loopback interface that replies to each client's first bytes with arbitrary bytes.
package final class OddBroker: Sendable {
    /// The bytes to send.
    package struct Answer: Sendable {
        /// Sent once, first.
        package var start: [UInt8]
        /// Sent repeatedly after that.
        package var chunk: [UInt8]
        /// Number of repetitions, while the client accepts them.
        package var repeats: Int

        /// - Parameters:
        ///   - start: Sent once, first.
        ///   - chunk: Sent repeatedly after that.
        ///   - repeats: Number of repetitions, while the client accepts them.
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

    /// State shared by the connections.
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

    /// Starts a broker on a free port of the loopback interface.
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

    /// Number of clients that have connected.
    package var clients: Int { shared.clients }
    /// Number of bytes that the system accepted for sending, over all connections.
    package var sentBytes: Int { shared.sent }

    /// Stops the broker and frees its port.
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

    /// Sends the bytes, then the next ones once the system has accepted these.
    private func send(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
        let shared = shared
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenSuccess {
            shared.noteSent(bytes.count)
            // Let other tasks of this event loop run first.
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
