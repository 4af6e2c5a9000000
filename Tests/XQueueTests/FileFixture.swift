import Foundation
import Logging
import ServiceLifecycle
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting

/// A temporary folder, which the test removes.
struct TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/xqueue-runtime-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// A manager on a file and the host's clock, with grace periods short enough for a test.
struct FileFixture: Sendable {
    let store: FaultyStore
    let manager: TaskManager

    init(
        _ folder: TemporaryFolder, _ configure: (inout QueueConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = QueueConfiguration()
        configuration.gracePeriod = .milliseconds(200)
        configuration.stopPeriod = .milliseconds(200)
        configure(&configuration)
        store = FaultyStore(try SQLiteStore(path: folder.path + "/xqueue.db"))
        manager = TaskManager(
            store: store, configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs the manager while `body` runs, then shuts it down gracefully; `whileStopping` runs once that has begun.
    func runUntilShutdown(
        _ body: () async throws -> Void, whileStopping: () async throws -> Void = {}
    ) async throws {
        let group = ServiceGroup(
            services: [manager], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            try await body()
            await group.triggerGracefulShutdown()
            try await whileStopping()
            try await tasks.waitForAll()
        }
    }
}
