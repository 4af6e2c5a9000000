import Foundation
import Logging
import ServiceLifecycle
import XQueue
import XQueueCore
import XQueueSQLite

/// A service that has its task queue built in: it submits 20 tasks, runs them, and ends when all are done.
@main
struct EmbeddedWorker {
    static func main() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "embedded-\(UUID().uuidString).db")
        defer {
            for suffix in ["", "-wal", "-shm", ".lock", "-lock"] {
                try? FileManager.default.removeItem(atPath: file.path + suffix)
            }
        }
        let logger = Logger(label: "embedded-worker")
        let manager = TaskManager(store: try SQLiteStore(path: file.path), logger: logger)
        manager.register(Resize(), maxConcurrency: 10)

        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: manager),
                    // The service that is this program's own; when it is done, everything else ends too.
                    .init(
                        service: Gallery(manager: manager),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
    }
}

/// Submits images and waits until each has its thumbnail.
struct Gallery: Service {
    let manager: TaskManager

    func run() async throws {
        var ids: [TaskID] = []
        for number in 1...20 {
            let request = ResizeRequest(image: "photo-\(number).jpg", width: 640)
            let task = try await manager.submit(
                Resize.self, request, .priority(5), .concurrency("user_\(number % 4)", limit: 3))
            ids.append(task.id)
        }
        for id in ids { print(try await finished(id)) }
        print("All \(ids.count) tasks succeeded.")
    }

    /// What became of a task, once it has ended.
    private func finished(_ id: TaskID) async throws -> String {
        while let task = try await manager.task(id) {
            switch task.status {
            case .success: return "\(id) \(task.result?.text ?? "")"
            case .failed, .canceled, .timeout:
                throw UnexpectedEnd(description: "\(id) ended as \(task.status)")
            case .pending, .processing: try await Task.sleep(for: .milliseconds(20))
            }
        }
        throw UnexpectedEnd(description: "\(id) is gone")
    }
}

struct UnexpectedEnd: Error, CustomStringConvertible {
    let description: String
}
