import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers

/// The example that does real work: a program processes 200 pictures, four at a time.
@Suite struct ThumbnailTests {
    private static let count = 200

    @Test func everyPictureGetsItsThumbnail() async throws {
        let folder = try ServerFolder()
        for name in ["thumbnail.sh", "png.py", "submit-all.sh", "xqueue.yaml"] {
            try FileManager.default.copyItem(
                atPath: Self.example + "/" + name, toPath: folder.path + "/" + name)
        }
        let server = try await ServerProcess(in: folder)
        let client = try RunningProgram(
            program: URL(filePath: folder.path + "/submit-all.sh"), ["\(Self.count)"], in: folder,
            name: "client",
            environment: ["XQUEUE_URL": server.address.absoluteString])
        #expect(try await client.exitStatus() == 0, "\(client.output)")
        #expect(client.output.contains("Submitted \(Self.count) tasks."))

        let tasks = try await API(server).allTasks()
        #expect(tasks.count == Self.count)
        #expect(tasks.allSatisfy { $0.status == .success && $0.retryCount == 0 })
        #expect(tasks.allSatisfy { $0.progress == 50 })
        for task in tasks {
            let file = folder.path + "/" + (try task.resultText("file") ?? "none")
            let head = FileManager.default.contents(atPath: file)?.prefix(24) ?? Data()
            // Bytes 16 to 23 of a PNG file are its width and height.
            #expect(Array(head.dropFirst(16)) == [0, 0, 0, 64, 0, 0, 0, 48], "\(file)")
        }
        #expect(try Set(tasks.compactMap { try $0.resultText("file") }).count == Self.count)
        #expect(try Self.mostAtOnce(tasks) == 4)
    }

    /// The maximum number of concurrent tasks, by their timestamps.
    private static func mostAtOnce(_ tasks: [QueueTask]) throws -> Int {
        var steps: [(time: Timestamp, change: Int)] = []
        for task in tasks {
            steps.append((try #require(task.startedAt), 1))
            steps.append((try #require(task.completedAt), -1))
        }
        // Within the same millisecond, a task may have started after another one ended.
        steps.sort { ($0.time, $0.change) < ($1.time, $1.change) }
        var running = 0
        return steps.reduce(0) { most, step in
            running += step.change
            return max(most, running)
        }
    }

    private static let example = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Examples/thumbnail").path
}
