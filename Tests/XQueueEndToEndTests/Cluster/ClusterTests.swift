#if Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// Several nodes behave as one queue.
@Suite(.timeLimit(.minutes(5))) struct ClusterTests {
    @Test func aSlowNodeIsFenced() async throws {
        let cluster = try await Cluster()
        let api = API(try await cluster.node("entrance", ["--no-workers"]))
        let slow = try await cluster.node("slow")
        let task = try await api.submit(
            "example", #"{"duration_ms":1500}"#,
            #""max_retry":3,"retry_policy":{"strategy":"fixed","delay":0.01,"jitter":0}"#)
        try await eventually("the task runs") { try !cluster.journal("slow").isEmpty }
        slow.pause()
        let other = try await cluster.node("other")
        let end = try await api.end(of: task.id)
        #expect(end.status == .success)
        #expect(end.attempt == 2)
        #expect(end.workerID?.contains("-\(other.processIdentifier)-") == true)
        #expect(try cluster.journal("slow").count == 1)

        slow.resume()
        try await eventually("the slow node's attempt is stopped or ends by itself") {
            try cluster.journal("slow").count == 2
        }
        // It has called the store since, so it has reported the attempt's outcome.
        _ = try await api.workers { $0.contains { $0.isProcess(slow.processIdentifier) } }
        let later = try await api.task(task.id)
        #expect(later.version == end.version)
        #expect(later.workerID == end.workerID)
        #expect(later.completedAt == end.completedAt)
        #expect(try await api.end(of: api.submit().id).status == .success)
        #expect(slow.isRunning)
    }

    @Test func aCancelReachesATaskOnAnotherNode() async throws {
        let cluster = try await Cluster(heartbeat: "60s")
        let api = API(try await cluster.node("entrance", ["--no-workers"]))
        let worker = try cluster.worker("worker")
        let clock = ContinuousClock()
        var shortest = Duration.seconds(60)
        for round in 1...5 {
            let task = try await api.submit("example", #"{"duration_ms":600000}"#)
            try await eventually("the task runs") {
                try cluster.journal("worker").count { $0.event == .start } == round
            }
            let start = clock.now
            let reply = try await api.send("DELETE", "/tasks/\(task.id)")
            #expect(reply.status < 300, "\(reply.text)")
            _ = try await api.task(task.id, "the task is canceled") { $0.status == .canceled }
            shortest = min(shortest, clock.now - start)
        }
        // Takes milliseconds on an idle machine. Without the signal it would take a heartbeat.
        #expect(shortest < .seconds(20))
        print("a cancel on another node took \(shortest)")
        #expect(worker.isRunning)
    }

    @Test func settingsMadeOnOneNodeApplyToAllAndSurviveThem() async throws {
        let cluster = try await Cluster()
        let flags = ["--example-max-concurrency", "2"]
        var first = try await cluster.node("first", flags)
        var second = try await cluster.node("second", flags)
        #expect(try await API(first).send("POST", "/types/example/pause").status == 200)
        let again = try await API(first).submit()
        #expect(try await API(first).send("DELETE", "/tasks/\(again.id)").status == 200)
        #expect(try await API(first).end(of: again.id).status == .canceled)
        #expect(try await API(second).send("POST", "/tasks/\(again.id)/retry").status < 300)
        let submitter = PatientSubmitter(#""type":"example","payload":{"duration_ms":100}"#)
        let both = [API(first), API(second)]
        for turn in 0..<2 { try await submitter.submit(10) { both[turn] } }

        for server in [first, second] {
            server.send(SIGTERM)
            #expect(try await server.exitStatus() == 0)
        }
        let entrance = API(try await cluster.node("entrance", ["--no-workers"]))
        let type = try #require(try await entrance.stats().types.first { $0.type == "example" })
        #expect(type.isPaused)
        #expect(type.maxConcurrency == 2)
        first = try await cluster.node("first", flags)
        second = try await cluster.node("second", flags)
        _ = try await entrance.workers { $0.count == 3 }
        #expect(try await entrance.stats()[.pending] == 21)
        #expect(try await API(second).send("POST", "/types/example/resume").status == 200)
        for id in submitter.accepted { #expect(try await entrance.end(of: id).status == .success) }
        #expect(try await entrance.end(of: again.id).status == .success)
        #expect(Self.mostAtOnce(try cluster.journal("first") + cluster.journal("second")) == 2)
    }

    @Test func nodesWithoutWorkersAndNodesWithoutHTTPShareOneQueue() async throws {
        let cluster = try await Cluster()
        let entrance = try await cluster.node("entrance", ["--no-workers"])
        let api = API(entrance)
        let worker = try cluster.worker("worker")
        let task = try await api.submit()
        #expect(try await api.end(of: task.id).workerID?.contains("-\(worker.processIdentifier)-") == true)
        let nodes = try await api.workers { $0.count == 2 }
        #expect(nodes.first { $0.isProcess(entrance.processIdentifier) }?.roles == ["api"])
        #expect(nodes.first { $0.isProcess(Int(worker.processIdentifier)) }?.roles == ["worker"])

        worker.send(SIGKILL)
        _ = try await worker.exitStatus()
        let left = try await api.workers { $0.count == 1 }
        #expect(left.first?.isProcess(entrance.processIdentifier) == true)
        let next = try cluster.worker("worker")
        _ = try await api.workers { $0.contains { $0.isProcess(Int(next.processIdentifier)) } }
        next.send(SIGTERM)
        #expect(try await next.exitStatus() == 0)
        // It has deregistered.
        _ = try await api.workers { $0.count == 1 }
    }

    /// The maximum number of concurrent attempts, if none was interrupted.
    private static func mostAtOnce(_ lines: [Journal.Line]) -> Int {
        let changes = lines.map { ($0.milliseconds, $0.event == .start ? 1 : -1) }.sorted { $0 < $1 }
        var running = 0
        return changes.reduce(0) { most, change in
            running += change.1
            return max(most, running)
        }
    }
}

extension API {
    /// Waits until `condition` holds for the live nodes, and returns them.
    func workers(_ condition: ([QueueWorker]) -> Bool) async throws -> [QueueWorker] {
        var last: [QueueWorker] = []
        try await eventually("the nodes are the expected ones") {
            last = try await send("GET", "/workers").decoded(WorkerList.self).workers
            return condition(last)
        }
        return last
    }
}

extension QueueWorker {
    /// Whether this is the node running as the process, which its name also shows.
    fileprivate func isProcess(_ pid: Int) -> Bool { processID == pid && id.contains("-\(pid)-") }
}

#endif
