import Foundation
import Logging
import ServiceLifecycle
import UnixSignals
import XQueue
import XQueueCore
import XQueueSQLite

// The code of the articles in `XQueue.docc`, which hold parts of this file word for word: `ArticleTests` compares
// them, and runs it.

struct ThumbnailRequest: Codable, Sendable {
    var image: String
    var width: Int
}

struct ThumbnailResult: Codable, Sendable {
    var file: String
}

struct Thumbnail: TaskHandler {
    static let type = "thumbnail"

    func handle(_ task: TaskContext<ThumbnailRequest>) async throws -> ThumbnailResult {
        guard task.payload.width > 0 else {
            throw TaskFailure("a thumbnail needs a width", isPermanent: true)
        }
        task.report(progress: 50, message: "scaling")
        return ThumbnailResult(file: "\(task.payload.width)px-\(task.payload.image)")
    }
}

struct ErrorReporting: AttemptMiddleware {
    func attempt(
        _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
    ) async throws -> RawJSON? {
        do {
            return try await next(task)
        } catch {
            if !(error is TaskSnooze), task.stopReason == nil {
                task.logger.error("Attempt failed", metadata: ["error": "\(error)"])
            }
            throw error
        }
    }
}

enum ArticleCode {
    static func makeManager(path: String) throws -> TaskManager {
        let manager = TaskManager(store: try SQLiteStore(path: path))
        try manager.register(Thumbnail(), maxConcurrency: 4)
        return manager
    }

    static func runService(_ manager: TaskManager) async throws {
        let group = ServiceGroup(
            services: [manager],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "thumbnails"))
        try await group.run()
    }

    static func submit(_ manager: TaskManager) async throws -> TaskID {
        let task = try await manager.submit(
            Thumbnail.self, ThumbnailRequest(image: "cat.jpg", width: 200),
            .priority(5), .concurrency("user_123", limit: 2), .unique("cat.jpg-200"))
        return task.id
    }

    static func ask(_ manager: TaskManager, _ id: TaskID) async throws -> String? {
        guard let task = try await manager.task(id), task.status == .success else { return nil }
        let result: ThumbnailResult? = try task.result?.decode()
        return result?.file
    }

    static func wait(_ manager: TaskManager) async throws -> String {
        let result = try await manager.submitAndWait(
            Thumbnail.self, ThumbnailRequest(image: "cat.jpg", width: 200), timeout: .seconds(60))
        return result.file
    }

    static func addMiddleware(_ manager: TaskManager) {
        manager.add(ErrorReporting())
    }

    static func operate(_ manager: TaskManager, _ id: TaskID) async throws {
        try await manager.cancel(id)
        try await manager.retry(id)
        try await manager.edit(id) { $0.priority = 9 }
        try await manager.pause("thumbnail")
        try await manager.setLimit(2, of: "thumbnail")
        try await manager.resume("thumbnail")
        let statistics = try await manager.statistics()
        print(statistics.store.counts.total)
    }

    static func schedule(_ manager: TaskManager) async throws -> Date? {
        var nightly = Schedule(
            "nightly", ScheduleTiming(.cron("30 2 * * *")),
            try TaskSubmission(Thumbnail.self, ThumbnailRequest(image: "cat.jpg", width: 200), .priority(5)))
        nightly.timing.timeZone = "Europe/Berlin"
        nightly.pauseAfterFailures = 5
        let report = try await manager.setSchedule(nightly).report
        return report.nextAt
    }

    static func tellTick(_ task: TaskContext<RawJSON>) {
        if let scheduled = task.scheduled {
            let start = scheduled.previousTick ?? scheduled.tick
            task.logger.debug("Reporting", metadata: ["from": "\(start)", "to": "\(scheduled.tick)"])
        }
    }

    static func operateSchedule(_ manager: TaskManager, from start: Date, to end: Date) async throws -> Int {
        try await manager.pauseSchedule("nightly", reason: "holidays")
        try await manager.resumeSchedule("nightly")
        try await manager.runSchedule("nightly")
        let ticks = try await manager.backfillSchedule("nightly", from: start, to: end, isDryRun: true)
        try await manager.removeSchedule("nightly")
        return ticks.count
    }

    static func registerClosures(_ manager: TaskManager) throws {
        try manager.register("mirror") { (task: TaskContext<RawJSON>) in
            task.payload
        }
        try manager.register("poll") { (task: TaskContext<RawJSON>) -> RawJSON? in
            guard task.attempt > 1 else { throw TaskFailure("busy", retryAfter: .seconds(60)) }
            throw TaskSnooze(for: .seconds(300))
        }
    }

    static func registerVoid(_ manager: TaskManager) throws {
        try manager.register("warm-up") { (task: TaskContext<String>) in
            task.logger.debug("Nothing to return")
        }
    }

    static func work(_ task: TaskContext<RawJSON>) async throws {
        for step in 1...10 {
            try Task.checkCancellation()
            try await Task.sleep(for: .milliseconds(1))
            task.report(progress: Double(step) * 10)
        }
        if task.stopReason == .shutdown { task.logger.debug("Another worker goes on") }
    }

    static func configuration() -> QueueConfiguration {
        var configuration = QueueConfiguration()
        configuration.maxConcurrency = 32
        configuration.heartbeatInterval = .seconds(10)
        configuration.retentionAge = .seconds(24 * 3600)
        configuration.defaults = SubmissionDefaults(timeout: .seconds(300), maxRetry: 5)
        return configuration
    }
}
