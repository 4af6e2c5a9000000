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
/// The server does not run the manager: run both, and stop the server first.
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
    ///   - metrics: Served at `/metrics`; pass the registry given to the manager. Nil for none.
    ///   - logControl: The log level changed by `/api/v1/log-level`; nil if it cannot be changed.
    ///   - onListening: Called with the port once clients can connect.
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

    /// Creates the event loops of all servers. Call it early: doing so when file descriptors have run out ends the
    /// process.
    package static func makeLoops() { _ = EventLoops.shared }

    /// Applies other tokens and rules to all further requests; ends the streams and sessions no longer allowed.
    public func setAccess(_ configuration: AccessConfiguration) {
        access.replace(configuration)
    }

    /// Serves until the service group shuts down gracefully or the Swift task is canceled.
    ///
    /// On shutdown it stops accepting connections and finishes the requests in progress.
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
                .cannotListen, "cannot listen on \(address): unknown host", cause: error)
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

    /// The HTTP application that serves `routes`.
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
                handshakeTimeout: TimeAmount(configuration.requestTimeout))
        }
    }

    /// The logger for frameworks, whose lower levels log internals.
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
                .addressInUse, "cannot listen on \(address): the port is already in use", cause: error)
        case EACCES:
            ServerError(
                .cannotListen, "cannot listen on \(address): permission denied", cause: error)
        case EADDRNOTAVAIL:
            ServerError(
                .cannotListen, "cannot listen on \(address): not an address of this machine", cause: error)
        default:
            ServerError(.cannotListen, "cannot listen on \(address): \(error)", cause: error)
        }
    }
}
