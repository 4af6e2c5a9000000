#if MQTT

import NIOCore
import NIOPosix

/// A socket in a private folder that leads to a broker: libmosquitto connects to it, and what the broker sends passes a
/// ``FrameGate`` before the library sees it.
///
/// It serves one connection and ends with it.
final class BrokerTunnel: Sendable {
    /// How long what was sent last may take to go out, and a TLS connection to end.
    static let farewell = TimeAmount.seconds(1)
    /// How many bytes are read at once.
    private static let readSize = AdaptiveRecvByteBufferAllocator(
        minimum: 4096, initial: 32 << 10, maximum: 128 << 10)

    private let folder: SocketFolder
    private let upstream: any Channel
    private let listener: any Channel
    private let state: TunnelState

    /// Connects to the broker first, so that what goes wrong there is known.
    ///
    /// - Parameter configuration: Says where the broker is and whom to trust.
    /// - Throws: ``MQTTError``; `CancellationError` at once if the task is canceled.
    static func open(_ configuration: MQTTConfiguration) async throws -> BrokerTunnel {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let state = TunnelState(configuration.broker)
        let upstream = try await BrokerConnector(configuration: configuration, state: state).connect(on: loop)
        do {
            return try await BrokerTunnel(upstream, state, on: loop)
        } catch {
            upstream.close(promise: nil)
            throw MQTTError(.disconnected, "no local socket can be made for the broker: \(error)")
        }
    }

    private init(_ upstream: any Channel, _ state: TunnelState, on loop: any EventLoop) async throws {
        let folder = try SocketFolder()
        do {
            listener = try await ServerBootstrap(group: loop)
                .childChannelOption(.autoRead, value: false)
                .childChannelOption(.recvAllocator, value: Self.readSize)
                .childChannelInitializer { local in Self.join(local, upstream, state, folder) }
                .bind(unixDomainSocketPath: folder.socketFile).get()
        } catch {
            folder.remove()
            throw error
        }
        self.folder = folder
        self.upstream = upstream
        self.state = state
    }

    deinit {
        abort()
    }

    /// Where libmosquitto is to connect.
    var socketFile: String { folder.socketFile }

    /// What broke the connection to the broker, if something is known to have.
    var failure: MQTTError? { state.failure }

    /// Returns once the connection has ended, after the other end of the tunnel was closed; ends it if it does not.
    func close() async {
        let timer = upstream.eventLoop.scheduleTask(in: Self.farewell) { [upstream] in
            upstream.close(promise: nil)
        }
        try? await upstream.closeFuture.get()
        timer.cancel()
        abort()
    }

    /// Ends the connection.
    func abort() {
        upstream.close(promise: nil)
        listener.close(promise: nil)
        folder.remove()
    }

    private static func join(
        _ local: any Channel, _ upstream: any Channel, _ state: TunnelState, _ folder: SocketFolder
    ) -> EventLoopFuture<Void> {
        // What is closed already would never say so.
        guard state.take(), upstream.isActive else {
            return local.eventLoop.makeFailedFuture(MQTTError(.closed, "the tunnel leads nowhere"))
        }
        folder.remove()
        return local.eventLoop.makeCompletedFuture {
            try local.pipeline.syncOperations.addHandler(TunnelHandler(to: upstream, isUpstream: false))
            try upstream.pipeline.syncOperations.addHandler(TunnelHandler(to: local, isUpstream: true))
        }.flatMap {
            upstream.setOption(.autoRead, value: false)
        }.map {
            upstream.read()
        }
    }
}

#endif
