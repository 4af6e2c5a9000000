import Logging
import ServiceLifecycle
import Testing
import UnixSignals
import XQueue
import XQueueSQLite
import XQueueServer
import XQueueTesting

// The code of `docs/tutorial.md`, which holds parts of this file word for word: `ArticleTests` compares them.

struct ReportRequest: Codable, Sendable {
    var pages: Int
    var flaky: Bool?
}

struct ReportResult: Codable, Sendable {
    var file: String
}

struct Report: TaskHandler {
    static let type = "report"

    func handle(_ task: TaskContext<ReportRequest>) async throws -> ReportResult {
        let pages = task.payload.pages
        guard pages > 0 else { throw TaskFailure("a report needs pages", isPermanent: true) }
        if task.payload.flaky == true, task.attempt == 1 { throw TaskFailure("printer is offline") }
        for page in 1...pages {
            try await Task.sleep(for: .milliseconds(500))  // throws when the task is canceled
            task.report(progress: 100 * Double(page) / Double(pages), message: "page \(page) of \(pages)")
        }
        return ReportResult(file: "report-\(task.id).pdf")
    }
}

enum TutorialCode {
    struct Reports {
        static func main() async throws {
            let logger = Logger(label: "reports")
            let manager = TaskManager(store: try SQLiteStore(path: "reports.db"), logger: logger)
            try manager.register(Report(), maxConcurrency: 2)
            let server = QueueServer(manager: manager, configuration: ServerConfiguration(), logger: logger)
            let group = ServiceGroup(
                services: [manager, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            try await group.run()
        }
    }

    static func follow(_ manager: TaskManager) async throws {
        let task = try await manager.submit(Report.self, ReportRequest(pages: 10), .priority(5))
        let events = manager.events(
            matching: EventFilter(taskIDs: [task.id]), after: EventCursor(time: task.createdAt))
        for try await event in events {
            print(event.change)
            if event.status?.isFinal == true { break }
        }
    }

    static func wait(_ manager: TaskManager) async throws -> String {
        let report = try await manager.submitAndWait(
            Report.self, ReportRequest(pages: 3), timeout: .seconds(60))
        return report.file
    }
}

@Suite struct ReportTests {
    @Test func aReportIsAFile() async throws {
        let attempt = try TestAttempt(ReportRequest(pages: 1), type: Report.type)
        let result = try await attempt.run(Report())
        #expect(result.file.hasSuffix(".pdf"))
        #expect(attempt.progress.map(\.message) == ["page 1 of 1"])
    }

    @Test func aFlakyPrinterIsTriedAgain() async throws {
        let queue = try TestQueue { try $0.register(Report()) }
        try await queue.manager.submit(Report.self, ReportRequest(pages: 1, flaky: true))
        let ended = try await queue.runUntilIdle(within: .seconds(60))
        #expect(ended.map(\.status) == [.success])
        #expect(ended.first?.retryCount == 1)
    }
}
