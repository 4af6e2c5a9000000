#if MQTT

import Foundation
import NIOCore
import NIOPosix
import Synchronization

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

/// What a tunnel and the handlers of its connection share.
final class TunnelState: Sendable {
    let broker: MQTTBroker
    private let isTaken = Atomic(false)
    private let reason = Mutex<MQTTError?>(nil)

    /// - Parameter broker: Where the tunnel leads.
    init(_ broker: MQTTBroker) {
        self.broker = broker
    }

    /// What broke the connection to the broker, if something is known to have.
    var failure: MQTTError? { reason.withLock { $0 } }

    /// Notes what broke the connection, unless something has before.
    func note(_ error: any Error) {
        let error = MQTTError(error, of: broker)
        reason.withLock { $0 = $0 ?? error }
    }

    /// True for the first who asks: a tunnel serves one connection.
    func take() -> Bool {
        !isTaken.exchange(true, ordering: .relaxed)
    }
}

/// A folder for one socket, which nobody but this user can look into.
struct SocketFolder: Sendable {
    private let path: String

    /// - Throws: ``MQTTError`` of kind `disconnected` if the folder for temporary files cannot be written to.
    init() throws(MQTTError) {
        let parent = FileManager.default.temporaryDirectory.path
        // The path of a socket must be short.
        var template = Array((parent + "/xqueue-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw MQTTError(
                .disconnected,
                "no folder for a socket can be made in \(parent): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Where the socket is to be.
    var socketFile: String { path + "/mqtt" }

    /// Removes the folder and the socket; those who have connected keep their connections.
    func remove() {
        unlink(socketFile)
        rmdir(path)
    }
}

#endif
