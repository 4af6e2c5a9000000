import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// SIGTERM: running tasks finish, the rest are released, the exit status is 0.
@Suite struct ShutdownTests {
    @Test(arguments: [SIGTERM, SIGINT])
    func runningTasksFinish(signal: Int32) async throws {
        let folder = try ServerFolder()
        let server = try await ServerProcess(in: folder)
        let api = API(server)
        let running = try await api.submit("example", #"{"duration_ms":4000,"message":"finished"}"#)
        let waiting = try await api.submit("nobody-serves-this")
        _ = try await api.task(running.id, "the task runs") { $0.status == .processing }
        server.send(signal)
        #expect(try await server.exitStatus() == 0)

        let next = API(try await ServerProcess(in: folder))
        let end = try await next.task(running.id)
        #expect(end.status == .success)
        #expect(try end.resultText("message") == "finished")
        #expect(end.retryCount == 0)
        #expect(try await next.task(waiting.id).status == .pending)
    }

    @Test func unfinishedTasksAreReleasedWithoutCountingARetry() async throws {
        let folder = try ServerFolder()
        try folder.write(
            "job.sh", "#!/bin/sh\necho $$ >> pids\nsleep 600 & echo $! >> pids; wait\n", executable: true)
        try folder.write("xqueue.yaml", "handlers:\n  job: { exec: [\"./job.sh\"] }\n")
        let flags = ["--queue-grace-period", "300ms", "--queue-stop-period", "1s"]
        let server = try await ServerProcess(in: folder, flags)
        let api = API(server)
        let stops = try await api.submit("example", #"{"duration_ms":600000}"#)
        let stubborn = try await api.submit("example", #"{"duration_ms":600000,"ignore_cancel":true}"#)
        let job = try await api.submit("job")
        for task in [stops, stubborn, job] {
            _ = try await api.task(task.id, "task \(task.id) runs") { $0.status == .processing }
        }
        try await eventually("the program runs") { folder.read("pids").split(separator: "\n").count == 2 }
        server.send(SIGTERM)
        #expect(try await server.exitStatus() == 0)
        let pids = folder.read("pids").split(separator: "\n").compactMap { Int32($0) }
        try await eventually("the program and its child are gone") { pids.allSatisfy(Self.isGone) }

        // A server that serves neither type shows the state they were left in.
        try folder.write("xqueue.yaml", "example: { enabled: false }\n")
        let next = API(try await ServerProcess(in: folder))
        for task in [stops, stubborn, job] {
            let left = try await next.task(task.id)
            #expect(left.status == .pending, "\(task.type)")
            #expect(left.retryCount == 0)
            #expect(left.error == nil)
        }
    }

    @Test(arguments: [(SIGINT, SIGINT), (SIGTERM, SIGTERM), (SIGTERM, SIGINT), (SIGINT, SIGTERM)])
    func aSecondSignalEndsItImmediately(first: Int32, second: Int32) async throws {
        let folder = try ServerFolder()
        try folder.write("job.sh", "#!/bin/sh\necho $$ > pid\nexec sleep 600\n", executable: true)
        try folder.write("xqueue.yaml", "handlers:\n  job: { exec: [\"./job.sh\"] }\n")
        let server = try await ServerProcess(in: folder)
        let api = API(server)
        _ = try await api.submit("job")
        try await eventually("the program runs") { folder.read("pid").hasSuffix("\n") }
        server.send(first)
        // The server stops accepting requests once it has handled the first signal.
        try await eventually("the server no longer responds") { (try? await api.stats()) == nil }
        // The same signal right after the first one counts as a duplicate.
        let noticed = ContinuousClock.now
        try await eventually("the duplicate window has passed") {
            ContinuousClock.now - noticed > .milliseconds(200)
        }
        server.send(second)
        #expect(try await server.exitStatus() == 128 + second, "\(server.output)")
        let pid = try #require(Int32(folder.read("pid").dropLast()))
        try await eventually("the program is gone too") { Self.isGone(pid) }
    }

    /// `timeout` signals both the process and its group.
    @Test(arguments: [SIGTERM, SIGINT]) func aSignalSentTwiceInARowCountsAsOne(signal: Int32) async throws {
        let folder = try ServerFolder()
        let server = try await ServerProcess(in: folder, ["--queue-grace-period", "1s"])
        let api = API(server)
        let task = try await api.submit("example", #"{"duration_ms":600000}"#)
        _ = try await api.task(task.id, "it runs") { $0.status == .processing }
        server.send(signal)
        server.send(signal)
        #expect(try await server.exitStatus() == 0, "\(server.output)")
        let next = API(try await ServerProcess(in: folder, ["--example-enabled", "false"]))
        let left = try await next.task(task.id)
        #expect(left.status == .pending)
        #expect(left.retryCount == 0)
    }

    /// A signal either comes before the program's first line and kills it, or starts a graceful shutdown.
    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalInTheFirstMoments(signal: Int32) async throws {
        for delay in stride(from: 0, through: 300, by: 20) {
            let folder = try ServerFolder()
            let program = try RunningProgram(["serve", "--server-port", "0"], in: folder, name: "early")
            // The exact moment is what is tested.
            try await Task.sleep(for: .milliseconds(delay))
            let hasBegun = FileManager.default.fileExists(atPath: folder.path + "/xqueue-data")
            program.send(signal)
            let status = try await program.exitStatus()
            #expect(status == 0 || (status == -signal && !hasBegun), "after \(delay) ms: \(status)")
        }
    }

    /// Whether the process is gone, no matter which process reaps it.
    private static func isGone(_ pid: Int32) -> Bool {
        guard kill(pid, 0) == 0 else { return true }
        let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        return status?.contains(") Z ") ?? false
    }
}
