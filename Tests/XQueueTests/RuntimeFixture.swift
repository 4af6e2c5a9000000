import CoreMetrics
import Logging
import ServiceLifecycle
import Testing
import Tracing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

/// A manager on an in-memory store, with a clock that only the test moves.
struct RuntimeFixture: Sendable {
    let clock = ManualClock()
    let store: FaultyStore
    let manager: TaskManager

    init(
        metrics: any MetricsFactory = NOOPMetricsHandler.instance, tracer: any Tracer = NoOpTracer(),
        _ configure: (inout QueueConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = QueueConfiguration()
        configuration.workerID = "worker-1"
        configuration.maxConcurrency = 10
        configure(&configuration)
        let random = SeededRandomSource(seed: 1)
        store = FaultyStore(try SQLiteStore(path: ":memory:", clock: clock, random: random))
        manager = TaskManager(
            store: store, configuration: configuration,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, metrics: metrics,
            tracer: tracer, clock: clock, random: random)
    }

    /// Runs the manager in a service group while `body` runs, then shuts the group down gracefully.
    func running(_ body: (ServiceGroup) async throws -> Void) async throws {
        let group = ServiceGroup(
            services: [manager], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body(group)
            } catch {
                tasks.cancelAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    /// Waits until the task is in `status`, and returns it.
    @discardableResult
    func wait(
        for id: TaskID, _ status: TaskStatus, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> TaskRecord {
        try await eventually("task is \(status.rawValue)", sourceLocation: sourceLocation) {
            try await manager.task(id)?.status == status
        }
        return try #require(try await manager.task(id), sourceLocation: sourceLocation)
    }

    /// Moves the clock by `step` at a time until `condition` holds.
    func advance(
        by step: Duration, until what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: () async throws -> Bool
    ) async throws {
        try await eventually(what, sourceLocation: sourceLocation) {
            if try await condition() { return true }
            clock.advance(by: step)
            return false
        }
    }
}
