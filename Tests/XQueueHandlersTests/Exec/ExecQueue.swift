import Logging
import Synchronization
import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueTestServers
import XQueueTesting

@testable import XQueueHandlers

/// A real queue in memory that serves one task type, `job`, with a shell script.
struct ExecQueue: Sendable {
    let manager: TaskManager
    let folder: TemporaryFolder
    let log: LogLines

    /// Runs `body` while the queue runs.
    static func run(
        _ script: String, grace: Duration = .seconds(60), maxOutput: Int = 1 << 20,
        environment: [String: String] = ["PATH": "/usr/bin:/bin"],
        change: (inout ExecProgram) -> Void = { _ in },
        _ body: @Sendable (ExecQueue) async throws -> Void
    ) async throws {
        let folder = try TemporaryFolder()
        let program = try folder.write("job.sh", "#!/bin/sh\n" + script + "\n", executable: true)
        var job = ExecProgram(program, workingDirectory: folder.path)
        job.maxOutput = maxOutput
        change(&job)

        let log = LogLines()
        var configuration = QueueConfiguration()
        configuration.gracePeriod = grace
        configuration.defaults.maxRetry = 0
        let manager = TaskManager(
            store: try SQLiteStore(path: ":memory:"), configuration: configuration, logger: log.logger)
        try manager.register("job", ExecHandler(job, environment: environment))

        try await withThrowingTaskGroup { group in
            group.addTask { try await manager.run() }
            try await body(ExecQueue(manager: manager, folder: folder, log: log))
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    func submit(
        _ payload: String = "{}", _ change: (inout TaskSubmission) -> Void = { _ in }
    ) async throws -> TaskID {
        var submission = TaskSubmission(type: "job", payload: try RawJSON(payload))
        change(&submission)
        return try await manager.submit(submission).record.id
    }

    /// The task, once it has ended.
    func end(of id: TaskID) async throws -> TaskRecord {
        try await task(id, "the task ends") { $0.status.isFinal }
    }

    /// The task, once `condition` holds for it.
    func task(_ id: TaskID, _ what: String, _ condition: (TaskRecord) -> Bool) async throws -> TaskRecord {
        var found: TaskRecord?
        try await eventually("\(what)") {
            found = try await manager.task(id)
            return found.map(condition) ?? false
        }
        return try #require(found)
    }

    /// Submits a task and answers it once it has ended.
    func result(of payload: String = "{}") async throws -> TaskRecord {
        try await end(of: try await submit(payload))
    }

    /// The process identifiers the script wrote into the file `pids`, once there are `count`.
    func processes(_ count: Int) async throws -> [Int32] {
        var found: [Int32] = []
        try await eventually("\(count) processes run") {
            found = (folder.read("pids") ?? "").split(separator: "\n").compactMap { Int32($0) }
            return found.count >= count
        }
        return found
    }
}

/// The log lines of a test.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(lines: self) }
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.message)") }
        }
    }
}
