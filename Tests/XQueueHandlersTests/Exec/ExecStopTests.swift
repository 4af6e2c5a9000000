import Foundation
import Testing
import XQueue
import XQueueCore
import XQueueTestServers
import XQueueTesting

@testable import XQueueHandlers

/// Stopping a program and its descendants: SIGTERM, then SIGKILL.
@Suite struct ExecStopTests {
    /// Returns whether the process is gone, whichever process reaps it.
    private static func isGone(_ pid: Int32) -> Bool {
        guard kill(pid, 0) == 0 else { return true }
        let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        return status?.contains(") Z ") ?? false
    }

    private static func allGone(_ pids: [Int32]) async throws {
        try await eventually("processes \(pids) are gone") { pids.allSatisfy(isGone) }
    }

    @Test func aCancelEndsTheWholeGroup() async throws {
        let script =
            "sleep 600 & echo $! >> pids; (sleep 600 & echo $! >> pids; wait) & echo $! >> pids; echo $$ >> pids; wait"
        try await ExecQueue.run(script) { queue in
            let id = try await queue.submit()
            let pids = try await queue.processes(4)
            try await queue.manager.cancel(id)
            #expect(try await queue.end(of: id).status == .canceled)
            try await Self.allGone(pids)
        }
    }

    @Test func aProgramThatIgnoresSIGTERMIsKilledWithinTheGracePeriod() async throws {
        let script =
            "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo $! >> pids; echo $$ >> pids; while :; do sleep 1; done"
        try await ExecQueue.run(script, grace: .seconds(2)) { queue in
            let id = try await queue.submit()
            let pids = try await queue.processes(2)
            let start = ContinuousClock.now
            try await queue.manager.cancel(id)
            let task = try await queue.end(of: id)
            #expect(task.status == .canceled)
            #expect(ContinuousClock.now - start >= .milliseconds(1500))
            try await Self.allGone(pids)
            // With its program gone, the handler has nothing left to wait for.
            try await eventually("the handler has returned") {
                let workers = try await queue.manager.statistics().workers
                return workers.stuck == 0 && workers.active == 0
            }
        }
    }

    @Test func aProgramMayCleanUp() async throws {
        let script = "trap 'echo cleaned > mark; exit 0' TERM; echo $$ >> pids; while :; do sleep 0.05; done"
        try await ExecQueue.run(script) { queue in
            let id = try await queue.submit()
            _ = try await queue.processes(1)
            try await queue.manager.cancel(id)
            #expect(try await queue.end(of: id).status.isFinal)
            #expect(queue.folder.read("mark") == "cleaned\n")
        }
    }

    @Test func aChildOutlivesItsParentOnlyToCleanUp() async throws {
        // The leader dies of SIGTERM immediately; its child gets the time it needs. Its output is not read once the leader is
        // gone, and shells report when a program of theirs was stopped.
        let script = """
            (trap 'sleep 0.3; echo cleaned > mark; exit 0' TERM; echo ready >> ready; while :; do sleep 0.05; done) 2>/dev/null &
            echo $! >> pids
            wait
            """
        try await ExecQueue.run(script) { queue in
            let id = try await queue.submit()
            let pids = try await queue.processes(1)
            try await eventually("the child is ready") { queue.folder.read("ready") != nil }
            try await queue.manager.cancel(id)
            #expect(try await queue.end(of: id).status == .canceled)
            try await Self.allGone(pids)
            #expect(queue.folder.read("mark") == "cleaned\n")
        }
    }

    @Test func aTimeoutStopsTheProgram() async throws {
        try await ExecQueue.run("echo $$ >> pids; exec sleep 600") { queue in
            let id = try await queue.submit { $0.processTimeout = .seconds(1) }
            let task = try await queue.end(of: id)
            #expect(task.status == .failed)
            #expect(task.errors.last?.kind == .timeout)
            // On a busy machine the time may elapse before the script has written anything.
            try await Self.allGone(
                (queue.folder.read("pids") ?? "").split(separator: "\n").compactMap { Int32($0) })
        }
    }

    @Test func aProgramThatClosesItsOutputIsStillWaitedForAndStopped() async throws {
        try await ExecQueue.run("echo $$ >> pids; exec >&- 2>&- <&-; exec sleep 600") { queue in
            let id = try await queue.submit()
            let pids = try await queue.processes(1)
            try await queue.manager.cancel(id)
            #expect(try await queue.end(of: id).status == .canceled)
            try await Self.allGone(pids)
        }
    }

    @Test func withoutAGracePeriodItIsKilledImmediately() async throws {
        let script = "trap '' TERM; echo $$ >> pids; while :; do sleep 1; done"
        try await ExecQueue.run(script, grace: .zero) { queue in
            let id = try await queue.submit()
            let pids = try await queue.processes(1)
            try await queue.manager.cancel(id)
            #expect(try await queue.end(of: id).status == .canceled)
            try await Self.allGone(pids)
        }
    }
}
