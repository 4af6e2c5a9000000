import Hummingbird
import HummingbirdCore
public import Logging
import NIOCore
public import ServiceLifecycle
public import XQueue

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The HTTP API of one ``XQueue/TaskManager``.
///
/// It only answers requests: whoever makes it runs the manager too, and lets the server end first.
public struct QueueServer: Service {
    let manager: TaskManager
    let configuration: ServerConfiguration
    let logger: Logger
    let onListening: (@Sendable (Int) async -> Void)?

    /// - Parameter onListening: Told the port once clients can connect.
    public init(
        manager: TaskManager, configuration: ServerConfiguration, logger: Logger,
        onListening: (@Sendable (Int) async -> Void)? = nil
    ) {
        self.manager = manager
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until the service group shuts down gracefully or the Swift task is canceled.
    ///
    /// At shutdown it takes no more connections and finishes the requests that have begun.
    ///
    /// - Throws: ``ServerError`` if it cannot listen.
    public func run() async throws {
        do {
            try await withGracefulShutdownHandler {
                try await application(routes: Routes.all).run()
            } onGracefulShutdown: { [manager] in
                manager.stopLeasing()
            }
        } catch let error as IOError {
            throw cannotListen(error)
        } catch let error as SocketAddressError.UnknownHost {
            throw ServerError(
                .cannotListen, "cannot listen on \(address): the host is not known", cause: error)
        }
    }

    /// The program behind the socket, made of `routes`.
    func application(routes: [Route]) -> some ApplicationProtocol {
        let onListening = onListening
        let counter = ConnectionCounter(limit: configuration.maxConnections)
        let api = QueueAPI(
            manager: manager, configuration: configuration, connections: counter, logger: logger)
        return Application(
            responder: RouteTable(routes: routes, api: api),
            server: .http1(configuration: channelConfiguration(counter)),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "xqueue",
                backlog: 1024,
                availableConnectionsDelegate: ConnectionLimit(counter: counter)),
            onServerRunning: { channel in
                counter.listens(on: channel)
                guard let port = channel.localAddress?.port else { return }
                await onListening?(port)
            },
            logger: logger)
    }

    private func channelConfiguration(_ counter: ConnectionCounter) -> HTTP1Channel.Configuration {
        let configuration = configuration
        let opener = EventStreamOpener(
            bus: manager.eventBus, connections: counter,
            heartbeatInterval: TimeAmount(configuration.streamHeartbeat))
        return HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(configuration), EventGate(opener), DepartureWatch()],
            idleTimeout: TimeAmount(configuration.idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: configuration.maxHeaderBytes,
                maxHeaderListSize: configuration.maxHeaderBytes,
                maxHeaderFieldCount: 200))
    }

    private var address: String { "\(configuration.host):\(configuration.port)" }

    private func cannotListen(_ error: IOError) -> ServerError {
        switch error.errnoCode {
        case EADDRINUSE:
            ServerError(
                .addressInUse, "cannot listen on \(address): another program uses the port", cause: error)
        case EACCES:
            ServerError(
                .cannotListen, "cannot listen on \(address): this user may not use the port", cause: error)
        case EADDRNOTAVAIL:
            ServerError(
                .cannotListen, "cannot listen on \(address): the address is not this machine's", cause: error)
        default:
            ServerError(.cannotListen, "cannot listen on \(address): \(error)", cause: error)
        }
    }
}
