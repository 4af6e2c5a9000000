#if MQTT

import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A socket in a private folder that leads to a broker's WebSocket, since libmosquitto knows only plain
/// connections.
///
/// It serves one connection and ends with it.
final class WebSocketTunnel: Sendable {
    /// Where libmosquitto is to connect.
    let socketFile: String
    private let folder: String
    private let upstream: any Channel
    private let listener: any Channel
    private let state: TunnelState

    /// Connects to the broker's web server first, so that what goes wrong there is known.
    ///
    /// - Throws: ``MQTTError``.
    static func open(_ configuration: MQTTConfiguration, path: String) async throws -> WebSocketTunnel {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let upstream = try await WebSocketConnector(configuration: configuration, path: path).connect(
            on: loop)
        do {
            return try await WebSocketTunnel(upstream, on: loop)
        } catch {
            upstream.close(promise: nil)
            throw MQTTError(.disconnected, "no local socket can be made for the broker: \(error)")
        }
    }

    private init(_ upstream: any Channel, on loop: any EventLoop) async throws {
        let state = TunnelState()
        let folder = try Self.makeFolder()
        let socketFile = folder + "/mqtt"
        self.upstream = upstream
        self.state = state
        self.folder = folder
        self.socketFile = socketFile
        do {
            listener = try await ServerBootstrap(group: loop)
                .childChannelOption(.autoRead, value: false)
                .childChannelInitializer { local in Self.join(local, upstream, state) }
                .bind(unixDomainSocketPath: socketFile).get()
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    deinit {
        listener.close(promise: nil)
        upstream.close(promise: nil)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// What broke the connection to the broker, if something is known to have.
    var failure: MQTTError? { state.failure.withLock { $0 } }

    func close() async {
        // A channel that is closed already says so in vain.
        try? await upstream.close()
        try? await listener.close()
    }

    /// A folder that nobody but this user can look into, with a short path: that of a socket is limited.
    private static func makeFolder() throws -> String {
        var template = Array((FileManager.default.temporaryDirectory.path + "/xqueue-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw MQTTError(.disconnected, String(cString: strerror(errno)))
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func join(
        _ local: any Channel, _ upstream: any Channel, _ state: TunnelState
    ) -> EventLoopFuture<Void> {
        let isFirst = state.isJoined.exchange(true, ordering: .relaxed) == false
        guard isFirst else {
            return local.eventLoop.makeFailedFuture(MQTTError(.closed, "the tunnel is in use"))
        }
        return local.eventLoop.makeCompletedFuture {
            try local.pipeline.syncOperations.addHandler(TunnelHandler(to: upstream, state))
            try upstream.pipeline.syncOperations.addHandler(TunnelHandler(to: local, state))
        }.flatMap {
            upstream.setOption(.autoRead, value: false)
        }.map {
            upstream.read()
        }
    }
}

/// What a tunnel and the ends of its connection share.
final class TunnelState: Sendable {
    let isJoined = Atomic(false)
    let failure = Mutex<MQTTError?>(nil)
}

#endif
