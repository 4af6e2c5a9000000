import Foundation
import Logging
import ServiceLifecycle
import XQueue
import XQueueSQLite

/// Pushes every change of every task to a place of one's own: here a file with one line of JSON for each.
///
/// Usage: CustomSink [FILE]     changes.jsonl by default
@main
struct CustomSink {
    static func main() async throws {
        let file = URL(filePath: CommandLine.arguments.dropFirst().first ?? "changes.jsonl")
        let manager = TaskManager(store: try SQLiteStore(path: ":memory:"))
        try manager.register("count") { (task: TaskContext<Int>) in
            for step in 1...task.payload { task.report(progress: 100 * Double(step) / Double(task.payload)) }
        }
        manager.add(FileSink(file: file))

        let group = ServiceGroup(services: [manager], logger: Logger(label: "custom-sink"))
        async let running: Void = group.run()
        for number in 1...3 {
            let task = try await manager.submit("count", RawJSON(encoding: number))
            _ = try await manager.wait(for: task.id)
        }
        // What is left goes out before the store closes.
        await group.triggerGracefulShutdown()
        try await running
        print(try String(contentsOf: file, encoding: .utf8), terminator: "")
    }
}

/// Appends events to a file.
///
/// The queue calls it from one place at a time, in order, and comes again with the same events if it throws: so each is
/// delivered at least once. `task_id` and `version` tell a repeated change of a status from a new one.
actor FileSink: EventSink {
    nonisolated let name = "file"
    private let file: URL
    private var handle: FileHandle?

    init(file: URL) {
        self.file = file
    }

    func open() throws {
        if !FileManager.default.fileExists(atPath: file.path) {
            try Data().write(to: file)
        }
        handle = try FileHandle(forWritingTo: file)
        try handle?.seekToEnd()
    }

    func deliver(_ events: [TaskEvent]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var lines = Data()
        for event in events {
            lines += try encoder.encode(Line(event)) + Data("\n".utf8)
        }
        try handle?.write(contentsOf: lines)
        // Only then are they the receiver's: without it a power cut would lose them.
        try handle?.synchronize()
    }

    func close() {
        try? handle?.close()
        handle = nil
    }
}

/// What the file says of an event.
struct Line: Encodable {
    var task_id: String
    var type: String
    var status: String?
    var version: Int?
    var progress: Double?
    var schedule: String?

    init(_ event: TaskEvent) {
        task_id = event.taskID.description
        type = event.type
        switch event.change {
        case .status(let change): (status, version) = (change.status.rawValue, change.version)
        case .progress(let progress): self.progress = progress.percent
        case .schedule(let change): schedule = change.schedule
        }
    }
}
