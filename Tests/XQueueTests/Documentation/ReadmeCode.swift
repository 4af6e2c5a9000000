import Logging
import ServiceLifecycle
import UnixSignals
import XQueue
import XQueueSQLite

// The code of `README.md`, which holds parts of this file word for word: `ArticleTests` compares them.

struct MailRequest: Codable, Sendable { var to: String }
struct MailResult: Codable, Sendable { var sent: Bool }

struct Mail: TaskHandler {
    static let type = "mail"

    func handle(_ task: TaskContext<MailRequest>) async throws -> MailResult {
        task.report(progress: 50, message: "sending")
        return MailResult(sent: true)
    }
}

enum ReadmeCode {
    static func main() async throws {
        let manager = TaskManager(store: try SQLiteStore(path: "xqueue.db"))
        try manager.register(Mail(), maxConcurrency: 10)
        try await manager.submit(Mail.self, MailRequest(to: "ann"), .concurrency("ann", limit: 3))

        let group = ServiceGroup(
            services: [manager], gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "mail"))
        try await group.run()
    }
}
