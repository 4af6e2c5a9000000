import Logging
import ServiceLifecycle
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

@testable import XQueueServer

/// A server on a free port of this machine.
struct LiveServer {
    let port: Int
    let store: FaultyStore
    let manager: TaskManager
    let clock: ManualClock
    private let server: QueueServer
    private let group: ServiceGroup

    /// Runs `body` with a server, then shuts the server down and waits until it has stopped.
    ///
    /// - Parameter register: Registers handlers; without it, no tasks run.
    static func run(
        configuration: ServerConfiguration = ServerConfiguration(),
        limits: StoreLimits = StoreLimits(),
        queue: QueueConfiguration = QueueConfiguration(),
        logger: Logger = TestAPI.logger,
        register: (@Sendable (TaskManager) throws -> Void)? = nil,
        _ body: @Sendable (LiveServer) async throws -> Void
    ) async throws {
        var configuration = configuration
        configuration.port = 0
        if configuration.healthPatience == ServerConfiguration().healthPatience {
            configuration.healthPatience = .seconds(30)
        }
        try await TestAPI.withStore(limits: limits) { store, clock in
            let manager = TaskManager(
                store: store, configuration: queue, logger: TestAPI.logger, clock: clock)
            try register?(manager)
            let (ports, listening) = AsyncStream.makeStream(of: Int.self)
            let server = QueueServer(
                manager: manager, configuration: configuration, logger: logger,
                onListening: { listening.yield($0) })
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(
                    services: register == nil ? [server] : [manager, server], logger: TestAPI.logger))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    defer { listening.finish() }
                    try await group.run()
                }
                if let port = await ports.first(where: { _ in true }) {
                    try await body(
                        LiveServer(
                            port: port, store: store, manager: manager, clock: clock, server: server,
                            group: group))
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    func connect() async throws -> RawConnection {
        try await RawConnection(port: port)
    }

    func follow(
        _ transport: EventClient.Transport = .socket, _ query: String = "", headers: [String] = []
    ) async throws -> EventClient {
        try await EventClient(port: port, transport, query, headers: headers)
    }

    /// Submits `count` tasks in one batch, each of which makes one event.
    @discardableResult
    func submit(_ count: Int = 1, type: String = "a") async throws -> [TaskID] {
        let task = TaskSubmission(type: type, payload: .null)
        return try await manager.submit(Array(repeating: task, count: count)).map(\.record.id)
    }

    /// Applies other tokens.
    func setAccess(_ configuration: AccessConfiguration) {
        server.setAccess(configuration)
    }

    func shutDown() async {
        await group.triggerGracefulShutdown()
    }
}
