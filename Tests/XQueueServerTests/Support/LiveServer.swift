import Logging
import ServiceLifecycle
import XQueue
import XQueueTesting

@testable import XQueueServer

/// A server on a free port of this machine.
struct LiveServer {
    let port: Int
    let store: FaultyStore
    private let group: ServiceGroup

    /// Runs `body` against a server, then shuts the server down and waits for its end.
    static func run(
        configuration: ServerConfiguration = ServerConfiguration(),
        _ body: @Sendable (LiveServer) async throws -> Void
    ) async throws {
        var configuration = configuration
        configuration.port = 0
        try await TestAPI.withStore { store, clock in
            let manager = TaskManager(store: store, logger: TestAPI.logger, clock: clock)
            let (ports, listening) = AsyncStream.makeStream(of: Int.self)
            let server = QueueServer(
                manager: manager, configuration: configuration, logger: TestAPI.logger,
                onListening: { listening.yield($0) })
            let group = ServiceGroup(
                configuration: ServiceGroupConfiguration(services: [server], logger: TestAPI.logger))
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    defer { listening.finish() }
                    try await group.run()
                }
                if let port = await ports.first(where: { _ in true }) {
                    try await body(LiveServer(port: port, store: store, group: group))
                }
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }
    }

    func connect() async throws -> RawConnection {
        try await RawConnection(port: port)
    }

    func shutDown() async {
        await group.triggerGracefulShutdown()
    }
}
