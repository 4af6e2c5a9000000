import Hummingbird
import Logging
import ServiceLifecycle
import XQueue
import XQueueSQLite

/// A web service that hands slow work to a queue: `POST /reports` submits a task and returns its identifier,
/// `GET /reports/:id` says how far it is, and `GET /reports/:id/result` waits for the result.
///
/// Usage: WebService [PORT [FILE]]     port 8080 and the file reports.db by default
@main
struct WebService {
    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let port = arguments.first.flatMap { Int($0) } ?? 8080
        let logger = Logger(label: "web-service")
        let store = try SQLiteStore(path: arguments.dropFirst().first ?? "reports.db")
        let manager = TaskManager(store: store, logger: logger)
        try manager.register(MakeReport(), maxConcurrency: 4)

        let server = Application(
            router: routes(manager),
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            logger: logger)
        // They shut down in reverse order: the server first, so that every accepted report is stored.
        let group = ServiceGroup(
            services: [manager, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        try await group.run()
    }

    static func routes(_ manager: TaskManager) -> Router<BasicRequestContext> {
        let router = Router()
        router.post("reports") { request, context in
            let order = try await request.decode(as: ReportOrder.self, context: context)
            // The same order twice while the first one is unfinished is one report.
            let task = try await manager.submit(MakeReport.self, order, .unique(order.title))
            return EditedResponse(status: .accepted, response: ReportStatus(task))
        }
        router.get("reports/:id") { _, context in
            ReportStatus(try await find(context, in: manager))
        }
        router.get("reports/:id/result") { _, context in
            let id = try await find(context, in: manager).id
            let task: TaskRecord
            do {
                task = try await manager.wait(for: id, timeout: .seconds(30))
            } catch is WaitTimeout {
                throw HTTPError(.gatewayTimeout, message: "the report is not ready yet; ask again")
            }
            guard task.status == .success, let report: Report = try task.result?.decode() else {
                throw HTTPError(.conflict, message: "the report is \(task.status.rawValue)")
            }
            return report
        }
        return router
    }

    static func find(_ context: BasicRequestContext, in manager: TaskManager) async throws -> TaskRecord {
        guard let id = context.parameters.get("id").flatMap({ TaskID($0) }),
            let task = try await manager.task(id)
        else { throw HTTPError(.notFound, message: "no such report") }
        return task
    }
}

struct ReportOrder: Codable {
    var title: String
    var pages: Int
}

struct Report: ResponseCodable {
    var text: String
}

struct ReportStatus: ResponseEncodable {
    var id: String
    var status: String
    var progress: Double

    init(_ task: TaskRecord) {
        id = task.id.description
        status = task.status.rawValue
        progress = task.progress?.percent ?? (task.status == .success ? 100 : 0)
    }
}

/// Writes a report page by page.
struct MakeReport: TaskHandler {
    static let type = "report"

    func handle(_ task: TaskContext<ReportOrder>) async throws -> Report {
        guard 1...100 ~= task.payload.pages else {
            throw TaskFailure("a report has 1 to 100 pages", isPermanent: true)
        }
        for page in 1...task.payload.pages {
            try await Task.sleep(for: .milliseconds(20))
            task.report(
                progress: 100 * Double(page) / Double(task.payload.pages), message: "page \(page)")
        }
        return Report(text: "\(task.payload.title), \(task.payload.pages) pages")
    }
}
