import Foundation
import Logging
import ServiceLifecycle
import XQueue
import XQueueSQLite

/// A service with its queue built in: it submits 20 tasks, runs them, prints their results and exits.
@main
struct EmbeddedWorker {
    static func main() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "embedded-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let logger = Logger(label: "embedded-worker")
        let store = try SQLiteStore(path: folder.appending(path: "queue.db").path)
        let manager = TaskManager(store: store, logger: logger)
        try manager.register(Resize(), maxConcurrency: 10)

        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: manager),
                    // This program's own service; when it is done, the group shuts down.
                    .init(
                        service: Gallery(manager: manager),
                        successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger))
        try await group.run()
    }
}

/// Submits images and waits for their thumbnails.
struct Gallery: Service {
    let manager: TaskManager

    func run() async throws {
        let requests = (1...20).map { ResizeRequest(image: "photo-\($0).jpg", width: 640) }
        let tasks = try await manager.submit(Resize.self, each: requests, .concurrency("gallery", limit: 3))
        for task in tasks {
            let ended = try await manager.wait(for: task.id)
            print(ended.id, ended.status.rawValue, ended.result?.text ?? "-")
        }
        let cover = try await manager.submitAndWait(
            Resize.self, ResizeRequest(image: "cover.jpg", width: 1920), .priority(5))
        print("All \(tasks.count) thumbnails are done, and the cover is \(cover.image).")
    }
}
