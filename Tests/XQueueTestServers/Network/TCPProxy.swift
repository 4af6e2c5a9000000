import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A proxy on the loopback interface whose connections can be made to fail.
package final class TCPProxy: Sendable {
    struct State {
        var delay = TimeAmount.zero
        var isRefusing = false
        var isStalled = false
        var bytesUntilStall: Int?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var target: Int

        /// Notes that data has passed.
        mutating func count(_ bytes: Int) {
            guard !isStalled, let left = bytesUntilStall else { return }
            bytesUntilStall = left > bytes ? left - bytes : nil
            isStalled = bytesUntilStall == nil
        }
    }

    /// Port for clients.
    package let port: Int
    private let listener: any Channel
    private let state: SharedState

    /// State shared by the proxy and its connections.
    final class SharedState: Sendable {
        let value: Mutex<State>

        init(target: Int) {
            value = Mutex(State(target: target))
        }
    }

    /// Starts a proxy to `target`, a port of the loopback interface.
    ///
    /// - Parameter tls: Certificate for TLS with clients; the connection to the target is plain.
    package static func start(to target: Int, tls: TLSFiles? = nil) async throws -> TCPProxy {
        let state = SharedState(target: target)
        let context = try tls.map { try NIOSSLContext(configuration: $0.server()) }
        let port = try FreePort.next()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { client in
                client.eventLoop.makeCompletedFuture {
                    guard let context else { return }
                    try client.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                }.flatMap { connect(client, state) }
            }
            .bind(host: "127.0.0.1", port: port).get()
        return TCPProxy(port: port, listener: listener, state: state)
    }

    private init(port: Int, listener: any Channel, state: SharedState) {
        self.port = port
        self.listener = listener
        self.state = state
    }

    deinit {
        dropConnections()
        listener.close(promise: nil)
    }

    /// Delay of each piece of data, in each direction.
    package func setDelay(milliseconds: Int64) {
        state.value.withLock { $0.delay = .milliseconds(milliseconds) }
    }

    /// Whether new connections are closed immediately.
    package func setRefusing(_ isRefusing: Bool) {
        state.value.withLock { $0.isRefusing = isRefusing }
    }

    /// Whether data is discarded while connections stay open. It is lost for good, so drop the connections before
    /// turning this off.
    package func setStalled(_ isStalled: Bool) {
        state.value.withLock { $0.isStalled = isStalled }
    }

    /// Stalls once this many bytes have passed, in both directions together.
    package func stall(afterBytes count: Int) {
        state.value.withLock { $0.bytesUntilStall = count }
    }

    /// Whether data is discarded.
    package var isStalled: Bool { state.value.withLock { $0.isStalled } }

    /// Target port of new connections.
    package func setTarget(_ port: Int) {
        state.value.withLock { $0.target = port }
    }

    /// Number of open connections.
    package var connectionCount: Int { state.value.withLock { $0.connections.count } }

    /// Closes all connections.
    package func dropConnections() {
        let open = state.value.withLock { Array($0.connections.values) }
        for channel in open { channel.close(promise: nil) }
    }

    private static func connect(_ client: any Channel, _ state: SharedState) -> EventLoopFuture<Void> {
        let (isRefusing, target) = state.value.withLock { ($0.isRefusing, $0.target) }
        guard !isRefusing else { return client.close() }
        let server = ClientBootstrap(group: client.eventLoop)
            .channelOption(.autoRead, value: false)
            .connect(host: "127.0.0.1", port: target)
        return server.flatMap { server in
            state.value.withLock { $0.connections[ObjectIdentifier(client)] = client }
            client.closeFuture.whenComplete { _ in
                state.value.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(client)) }
            }
            return client.pipeline.addHandler(TCPProxyHandler(to: server, state))
                .and(server.pipeline.addHandler(TCPProxyHandler(to: client, state)))
                .flatMap { _ in
                    server.setOption(.autoRead, value: true).and(client.setOption(.autoRead, value: true))
                }
                .map { _ in }
        }
    }
}
