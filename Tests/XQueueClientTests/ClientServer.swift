import Logging
import ServiceLifecycle
import XQueue
import XQueueClient
import XQueueCore
import XQueueSQLite
import XQueueServer

/// A server on a free port, and a client of it. It runs tasks of the type `mirror`, whose result is their payload.
enum ClientServer {
    static func run(_ body: @Sendable (QueueClient) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let manager = TaskManager(store: try SQLiteStore(path: ":memory:"), logger: logger)
        try manager.register("mirror") { (task: TaskContext<RawJSON>) in
            if task.payload.text == "\"fail\"" { throw TaskFailure("as asked", isPermanent: true) }
            return task.payload
        }
        var configuration = ServerConfiguration()
        configuration.port = 0
        let (ports, listening) = AsyncStream.makeStream(of: Int.self)
        let server = QueueServer(
            manager: manager, configuration: configuration, logger: logger,
            onListening: { listening.yield($0) })
        let group = ServiceGroup(services: [manager, server], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                defer { listening.finish() }
                try await group.run()
            }
            if let port = await ports.first(where: { _ in true }) {
                try await QueueClient.with(.init(url: "http://127.0.0.1:\(port)/"), body)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
