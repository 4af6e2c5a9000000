import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// `xqueue watch` with a real server.
@Suite struct WatchTests {
    private static let unsteady =
        #""max_retry":2,"retry_policy":{"strategy":"fixed","delay":0.1,"jitter":0}"#

    private let folder: ServerFolder
    private let server: ServerProcess
    private let api: API

    init() async throws {
        folder = try ServerFolder()
        server = try await ServerProcess(in: folder)
        api = API(server)
    }

    private func watch(_ arguments: String..., url: String? = nil) throws -> RunningProgram {
        try RunningProgram(
            ["watch", "--url", url ?? server.address.absoluteString] + arguments, in: folder,
            name: "watch-\(folder.nextNumber())")
    }

    /// The lines about task changes, split into words.
    private func steps(_ program: RunningProgram) -> [[String]] {
        program.output.split(separator: "\n").filter { !$0.hasPrefix("xqueue:") }.map { line in
            line.split { $0 == " " || $0 == "\t" }.map(String.init)
        }
    }

    @Test func aTaskIsFollowedToItsSuccess() async throws {
        let task = try await api.submit("example", #"{"fail_times":1,"duration_ms":2000}"#, Self.unsteady)
        let program = try watch("\(task.id)")
        #expect(try await program.exitStatus() == 0)
        let steps = steps(program)
        #expect(steps.count >= 2)
        let times = try steps.map { words in
            #expect(words.count >= 4, "\(words)")
            #expect(words[1] == "\(task.id)")
            let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            return try #require(try? style.parse(words[0]))
        }
        #expect(times == times.sorted())
        #expect(steps.last?[2] == "success")
        // The stream does not repeat what the first query returned.
        #expect(Set(steps.map { $0.joined(separator: " ") }).count == steps.count)
    }

    @Test func aTaskThatEndedBeforeIsShownOnce() async throws {
        let task = try await api.submit()
        _ = try await api.end(of: task.id)
        let program = try watch("\(task.id)")
        #expect(try await program.exitStatus() == 0)
        #expect(steps(program).map { $0[2] } == ["success"])
    }

    @Test func theExitStatusShowsTheOutcome() async throws {
        let good = try await api.submit()
        let bad = try await api.submit("example", #"{"fail_times":1}"#, #""max_retry":0"#)
        let program = try watch("\(good.id)", "\(bad.id)")
        #expect(try await program.exitStatus() == 1)
        #expect(program.output.contains("attempt 1 fails"))

        let unknown = try watch("00000000-0000-7000-8000-000000000000")
        #expect(try await unknown.exitStatus() == 2)
        let nonsense = try watch("nonsense")
        #expect(try await nonsense.exitStatus() == 64)
        let alone = try watch("\(good.id)", url: "http://127.0.0.1:1")
        #expect(try await alone.exitStatus() == 69)
    }

    @Test func aTypeIsFollowedUntilInterrupted() async throws {
        let program = try watch("--type", "example", "--status", "success", "--json")
        // It prints nothing when it connects, so tasks are submitted until one is shown.
        try await eventually("a success is shown") {
            _ = try await api.submit("nobody-serves-this")
            _ = try await api.submit()
            return !program.output.isEmpty
        }
        program.send(SIGINT)
        _ = try await program.exitStatus()
        let lines = program.output.split(separator: "\n")
        for line in lines {
            let event = try JSONDecoder().decode(QueueEvent.self, from: Data(line.utf8))
            #expect(event.taskID != nil)
            #expect(event.type == "example")
            #expect(event.status == .success)
        }
    }

    @Test func nothingIsMissedWhileTheConnectionIsLost() async throws {
        let port = try #require(server.address.port)
        let proxy = try await TCPProxy.start(to: port)
        let program = try watch("--type", "example", "--json", url: "http://127.0.0.1:\(proxy.port)")
        try await eventually("the stream has begun") {
            _ = try await api.end(of: api.submit().id)
            return !program.output.isEmpty
        }
        proxy.setRefusing(true)
        proxy.dropConnections()
        let missed = try await api.submit("example", #"{"fail_times":2}"#, Self.unsteady)
        _ = try await api.end(of: missed.id)
        try await eventually("the loss is reported") { program.output.contains("; reconnecting") }
        proxy.setRefusing(false)
        try await eventually("the end is shown") {
            versions(of: missed.id, program).last == 7
        }
        // Submitted, then three attempts, two of which were retried.
        #expect(versions(of: missed.id, program) == Array(1...7))
        program.send(SIGKILL)
    }

    #if os(Linux)
    @Test func aTerminalShowsABar() async throws {
        let task = try await api.submit("example", #"{"duration_ms":3000,"steps":10}"#)
        let xqueue = try ProgramFile.built("xqueue")
        let command = "'\(xqueue)' watch --url \(server.address.absoluteString) \(task.id)"
        let script = try ProgramFile.installed("script")
        // `script` gives the program a terminal and returns its exit status.
        let program = try RunningProgram(
            program: URL(filePath: script), ["-qec", command, "/dev/null"], in: folder, name: "terminal")
        #expect(try await program.exitStatus() == 0)
        #expect(program.output.contains("░"))
        #expect(program.output.contains("█"))
        // Bars overwrite each other, steps stay.
        #expect(program.output.contains("\u{1B}[1A\u{1B}[J"))
        #expect(program.output.contains("success"))
    }
    #endif

    private func versions(of id: TaskID, _ program: RunningProgram) -> [Int] {
        program.output.split(separator: "\n").compactMap { line in
            let event = QueueEvent(json: String(line))
            return event?.taskID == id ? event?.version : nil
        }
    }
}
