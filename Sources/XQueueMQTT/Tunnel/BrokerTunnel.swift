#if MQTT

import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A socket in a private folder that leads to a broker: libmosquitto connects to it, and the broker's data
/// passes a ``FrameGate`` before the library sees it.
///
/// Serves one connection and ends with it.
final class BrokerTunnel: Sendable {
    /// Maximum time for the last data to go out, and for a TLS connection to shut down.
    static let closeTimeout = TimeAmount.seconds(1)
    /// Buffer sizes for reads, in bytes.
    private static let readSize = AdaptiveRecvByteBufferAllocator(
        minimum: 4096, initial: 32 << 10, maximum: 128 << 10)

    private let folder: SocketFolder
    private let upstream: any Channel
    private let listener: any Channel
    private let state: TunnelState

    /// Connects to the broker first, so that a connection failure is reported here.
    ///
    /// - Parameter configuration: The broker's address and the TLS settings.
    /// - Throws: ``MQTTError``; `CancellationError` immediately if the task is canceled.
    static func open(_ configuration: MQTTConfiguration) async throws -> BrokerTunnel {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let state = TunnelState(configuration.broker)
        let upstream = try await BrokerConnector(configuration: configuration, state: state).connect(on: loop)
        do {
            return try await BrokerTunnel(upstream, state, on: loop)
        } catch {
            upstream.close(promise: nil)
            throw MQTTError(.disconnected, "cannot create a local socket for the broker connection: \(error)")
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

    /// The socket for libmosquitto to connect to.
    var socketFile: String { folder.socketFile }

    /// What broke the connection to the broker, if known.
    var failure: MQTTError? { state.failure }

    /// Waits for the connection to end after the tunnel's other end was closed; ends it after a timeout.
    func close() async {
        let timer = upstream.eventLoop.scheduleTask(in: Self.closeTimeout) { [upstream] in
            upstream.close(promise: nil)
        }
        try? await upstream.closeFuture.get()
        timer.cancel()
        abort()
    }

    /// Ends the connection immediately.
    func abort() {
        upstream.close(promise: nil)
        listener.close(promise: nil)
        folder.remove()
    }

    private static func join(
        _ local: any Channel, _ upstream: any Channel, _ state: TunnelState, _ folder: SocketFolder
    ) -> EventLoopFuture<Void> {
        // If the upstream is closed already, no event will report it.
        guard state.take(), upstream.isActive else {
            return local.eventLoop.makeFailedFuture(
                MQTTError(.closed, "the broker connection is already closed or in use"))
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

/// State shared by a tunnel and its connection's handlers.
final class TunnelState: Sendable {
    let broker: MQTTBroker
    private let isTaken = Atomic(false)
    private let reason = Mutex<MQTTError?>(nil)

    /// - Parameter broker: The tunnel's destination.
    init(_ broker: MQTTBroker) {
        self.broker = broker
    }

    /// What broke the connection to the broker, if known.
    var failure: MQTTError? { reason.withLock { $0 } }

    /// Records what broke the connection, unless a cause is already known.
    func note(_ error: any Error) {
        let error = MQTTError(error, of: broker)
        reason.withLock { $0 = $0 ?? error }
    }

    /// Returns true only for the first caller: a tunnel serves one connection.
    func take() -> Bool {
        !isTaken.exchange(true, ordering: .relaxed)
    }
}

/// A folder for one socket, accessible only to this user.
struct SocketFolder: Sendable {
    private let path: String

    /// - Throws: ``MQTTError`` with kind `disconnected` if the folder for temporary files cannot be written to.
    init() throws(MQTTError) {
        let parent = FileManager.default.temporaryDirectory.path
        // Socket paths must be short.
        var template = Array((parent + "/xqueue-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw MQTTError(
                .disconnected,
                "cannot create a socket folder in \(parent): \(String(cString: strerror(errno)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The socket's path.
    var socketFile: String { path + "/mqtt" }

    /// Removes the folder and the socket; existing connections stay open.
    func remove() {
        unlink(socketFile)
        rmdir(path)
    }
}

#endif
