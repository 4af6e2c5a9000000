import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
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
    let metrics: PrometheusRegistry?
    let logControl: LogControl?
    let access: AccessControl
    let health: HealthMonitor
    let onListening: (@Sendable (Int) async -> Void)?

    /// - Parameters:
    ///   - metrics: What `/metrics` answers: the same that the manager was given. Nil for none.
    ///   - logControl: What `/api/v1/log-level` changes; nil if that cannot be changed.
    ///   - onListening: Told the port once clients can connect.
    public init(
        manager: TaskManager, configuration: ServerConfiguration, logger: Logger,
        metrics: PrometheusRegistry? = nil, logControl: LogControl? = nil,
        onListening: (@Sendable (Int) async -> Void)? = nil
    ) {
        self.manager = manager
        self.configuration = configuration
        self.logger = logger
        self.metrics = metrics
        self.logControl = logControl
        let queueMetrics = manager.metrics
        self.access = AccessControl(
            configuration.access, origins: configuration.allowedOrigins, clock: manager.clock,
            trace: AccessTrace(
                maxFailures: configuration.access.maxFailures, clock: manager.clock, logger: logger
            ) { door in
                queueMetrics.counter(.accessRefused, [("door", door.rawValue)])
            })
        self.health = HealthMonitor(manager, patience: configuration.healthPatience)
        self.onListening = onListening
    }

    /// Makes the event loops of all servers, which end the process if they are made when descriptors have run out.
    package static func makeLoops() { _ = EventLoops.shared }

    /// Puts other tokens and rules in force, for all requests that come after; streams and sessions that
    /// they do not allow end.
    public func setAccess(_ configuration: AccessConfiguration) {
        access.replace(configuration)
    }

    /// Serves until the service group shuts down gracefully or the Swift task is canceled.
    ///
    /// At shutdown it takes no more connections and finishes the requests that have begun.
    ///
    /// - Throws: ``ServerError`` if it cannot listen.
    public func run() async throws {
        do {
            try await withGracefulShutdownHandler {
                try await serve()
            } onGracefulShutdown: { [manager, health] in
                health.stop()
                manager.stopLeasing()
            }
        } catch let error as IOError {
            throw cannotListen(error)
        } catch let error as SocketAddressError.UnknownHost {
            throw ServerError(
                .cannotListen, "cannot listen on \(address): the host is not known", cause: error)
        }
    }

    private func serve() async throws {
        guard let files = configuration.tls else {
            return try await application(routes: Routes.all).run()
        }
        let keeper = try TLSKeeper(files, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await keeper.watch() }
            try await application(routes: Routes.all, tls: keeper).run()
            group.cancelAll()
        }
    }

    /// The program behind the socket, made of `routes`.
    func application(routes: [Route], tls: TLSKeeper? = nil) -> some ApplicationProtocol {
        let onListening = onListening
        let connections = ConnectionTable(
            limit: configuration.maxConnections, limitPerAddress: configuration.maxConnectionsPerAddress)
        let api = QueueAPI(
            manager: manager, configuration: configuration, connections: connections, logger: logger,
            metrics: metrics, process: metrics.map { ProcessMetrics($0) }, logControl: logControl,
            access: access, hosts: HostRule(configuration),
            budget: ReplyBudget(limit: configuration.maxReplyBytes), health: health)
        let table = RouteTable(routes: routes, api: api)
        return Application(
            responder: table,
            server: channels(connections, tls, streams: table.streams),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "xqueue",
                backlog: 1024,
                availableConnectionsDelegate: ConnectionLimit(table: connections)),
            onServerRunning: { channel in
                connections.listens(on: channel)
                guard let port = channel.localAddress?.port else { return }
                await onListening?(port)
            },
            eventLoopGroupProvider: .shared(EventLoops.shared),
            logger: frameworkLogger)
    }

    private func channels(
        _ connections: ConnectionTable, _ tls: TLSKeeper?, streams: [Route]
    ) -> HTTPServerBuilder {
        let configuration = configuration
        let opener = EventStreamOpener(
            routes: streams, bus: manager.eventBus, access: access, hosts: HostRule(configuration),
            connections: connections, heartbeatInterval: TimeAmount(configuration.streamHeartbeat))
        let http1 = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                ConnectionGuard(configuration, connections), EventGate(opener), DepartureWatch(),
            ],
            idleTimeout: TimeAmount(configuration.idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: configuration.maxHeaderBytes,
                maxHeaderListSize: configuration.maxHeaderBytes,
                maxHeaderFieldCount: 200))
        guard let tls else { return .http1(configuration: http1) }
        let http2 = HTTP2Channel.Configuration(
            idleTimeout: configuration.idleTimeout,
            gracefulCloseTimeout: configuration.requestTimeout,
            streamConfiguration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [
                    StreamGuard(configuration, connections), EventGate(opener), DepartureWatch(),
                ],
                idleTimeout: TimeAmount(configuration.idleTimeout)))
        return HTTPServerBuilder { responder in
            SecureChannel(
                keeper: tls, http1: HTTP1Channel(responder: responder, configuration: http1),
                http2: HTTP2Channel(responder: responder, configuration: http2), connections: connections,
                patience: TimeAmount(configuration.requestTimeout))
        }
    }

    /// For the parts that tell at lower levels how they are made.
    private var frameworkLogger: Logger {
        var quiet = logger
        quiet.logLevel = max(.notice, logger.logLevel)
        return quiet
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
