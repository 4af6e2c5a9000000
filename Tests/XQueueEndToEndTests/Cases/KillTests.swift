import Foundation
import Synchronization
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// The program is killed several times amid thousands of tasks, as by a power cut.
@Suite(.timeLimit(.minutes(20))) struct KillTests {
    private static let count = 5000
    private static let typeLimit = 16
    private static let flags = [
        "--queue-max-concurrency", "40", "--example-max-concurrency", "\(typeLimit)",
        "--queue-heartbeat-interval", "1s", "--example-journal", "journal",
    ]

    /// Tasks that a client had seen succeed before a kill.
    private struct Told {
        var tasks: Set<TaskID>
        /// The number of journal lines at that time.
        var lines: Int
    }

    @Test func nothingIsLostAndNothingIsDoneTwice() async throws {
        let folder = try ServerFolder()
        let current = CurrentServer(try await ServerProcess(in: folder, Self.flags))
        let submitter = Submitter()
        var told: [Told] = []
        var lives: [Int] = []
        var long: Set<TaskID> = []

        try await withThrowingTaskGroup { group in
            group.addTask {
                try await submitter.run(Self.count) { API(current.server) }
            }
            for enough in [400, 1200, 2000, 2800, 3600] {
                let server = current.server
                try await eventually("\(enough) attempts have ended") {
                    Self.ends(in: folder) >= enough
                }
                let lines = Self.lineCount(in: folder)
                let page = try await API(server).send("GET", "/tasks?status=success&limit=1000")
                    .decoded(QueueTaskPage.self)
                told.append(Told(tasks: Set(page.tasks.map(\.id)), lines: Self.lineCount(in: folder)))
                #expect(told.last.map { $0.lines >= lines } == true)
                long.insert(try await Self.beginLongTask(API(server)))
                try await server.kill9()
                lives.append(Self.lineCount(in: folder))
                current.server = try await ServerProcess(in: folder, Self.flags)
            }
            try await group.waitForAll()
        }

        let api = API(current.server)
        try await eventually(within: .seconds(240), "all tasks have ended") {
            let stats = try await api.stats()
            return stats.unfinished == 0
        }
        let all = try await api.allTasks()
        #expect(all.count { long.contains($0.id) && $0.status == .success } == long.count)
        let tasks = all.filter { !long.contains($0.id) }
        let journal = try Journal(folder.read("journal"), lives: lives)
        Self.checkNoneIsLost(tasks, submitter)
        Self.checkNoneIsDoneTwice(tasks, journal, told)
        Self.checkLimits(journal, tasks)
    }

    /// Starts an attempt that is certain to be interrupted, however fast the others end.
    private static func beginLongTask(_ api: API) async throws -> TaskID {
        let task = try await api.submit(
            "example", #"{"duration_ms":10000}"#, #""priority":100,"max_retry":1000"#)
        _ = try await api.task(task.id, "it runs") { $0.status == .processing }
        return task.id
    }

    private static func checkNoneIsLost(_ tasks: [QueueTask], _ submitter: Submitter) {
        let ids = Set(tasks.map(\.id))
        #expect(ids.count == tasks.count)
        #expect(Set(submitter.accepted.keys).subtracting(ids).isEmpty, "accepted tasks were lost")
        #expect(
            tasks.filter { $0.status != .success }.map { "\($0.id) \($0.status) \($0.error ?? "")" } == [])
        // A batch without a reply was stored entirely or not at all.
        let more = tasks.count - submitter.accepted.count
        #expect(more % Submitter.batch == 0)
        #expect(0...submitter.unsureBatches ~= more / Submitter.batch)
    }

    private static func checkNoneIsDoneTwice(_ tasks: [QueueTask], _ journal: Journal, _ told: [Told]) {
        var ends: [TaskID: [Journal.Line]] = [:]
        var starts: [TaskID: [Journal.Line]] = [:]
        for line in journal.lines {
            if line.event == .end { ends[line.task, default: []].append(line) }
            if line.event == .start { starts[line.task, default: []].append(line) }
        }
        for task in tasks {
            let finished = ends[task.id] ?? []
            #expect(!finished.isEmpty, "\(task.id) succeeded without running")
            // A task runs again only if a kill kept its outcome from being stored.
            #expect(
                Set(finished.map(\.life)).count == finished.count, "\(task.id) ended twice in one server run")
            let completed = task.completedAt?.milliseconds ?? 0
            let late = (starts[task.id] ?? []).filter { $0.milliseconds > completed }
            #expect(late.isEmpty, "\(task.id) ran again after it had succeeded")
            let attempts = (starts[task.id] ?? []).map(\.attempt)
            // A number may be missing if the kill came between the claim and the handler.
            #expect(
                zip(attempts, attempts.dropFirst()).allSatisfy { $0 < $1 },
                "\(task.id) had attempts \(attempts)")
        }
        for moment in told {
            let again = journal.lines.dropFirst(moment.lines).filter {
                $0.event == .start && moment.tasks.contains($0.task)
            }
            #expect(again.isEmpty, "\(again.count) tasks ran again after a client had seen them succeed")
        }
    }

    private static func checkLimits(_ journal: Journal, _ tasks: [QueueTask]) {
        var keys: [TaskID: String] = [:]
        var limits: [String: Int] = [:]
        for task in tasks {
            guard let key = task.concurrencyKey else { continue }
            keys[task.id] = key
            limits[key] = task.maxConcurrency
        }
        #expect(limits.count == 7)
        for (key, most) in journal.mostAtOnce({ keys[$0] }) {
            #expect(most <= limits[key] ?? 0, "\(most) tasks of \(key) ran concurrently")
        }
        let ofType = journal.mostAtOnce { _ in "example" }["example"] ?? 0
        #expect(ofType <= typeLimit, "\(ofType) tasks of the type ran concurrently")
        // Otherwise neither the limits nor the kills were tested.
        #expect(ofType > typeLimit / 2)
        #expect(journal.cutAttempts > 0)
    }

    // MARK: - The journal while it is being written

    private static func ends(in folder: ServerFolder) -> Int {
        folder.read("journal").split(separator: "\n").count { $0.hasPrefix("end ") }
    }

    private static func lineCount(in folder: ServerFolder) -> Int {
        folder.read("journal").utf8.count { $0 == UInt8(ascii: "\n") }
    }
}

/// The current server, for a client that outlives it.
private final class CurrentServer: Sendable {
    private let current: Mutex<ServerProcess>

    init(_ server: ServerProcess) {
        current = Mutex(server)
    }

    var server: ServerProcess {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}
