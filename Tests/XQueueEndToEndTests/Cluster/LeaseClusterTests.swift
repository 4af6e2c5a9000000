#if Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// HTTP workers in a cluster: any node handles requests about any lease.
@Suite struct LeaseClusterTests {
    private func take(_ api: API, wait: Int = 30) async throws -> LeasedTask {
        let reply = try await api.send(
            "POST", "/leases", #"{"worker":"far","types":["mail"],"wait":\#(wait)}"#)
        try #require(reply.status == 200, "\(reply.text)")
        return try #require(try reply.decoded(LeaseBatch.self).leases.first)
    }

    @Test func aLeaseFromOneNodeIsExtendedAndSettledAtAnother() async throws {
        let cluster = try await Cluster(heartbeat: "30s")
        let first = API(try await cluster.node("a", ["--no-workers"]))
        let second = API(try await cluster.node("b", ["--no-workers"]))
        let polling = Task { try await take(first) }
        try await eventually("the other node knows the worker") {
            try await second.send("GET", "/workers").text.contains(#""id":"far""#)
        }
        // A submission at one node wakes the waiting request at the other.
        let task = try await second.submit("mail", #"{"to":"x"}"#)
        let lease = try await polling.value
        #expect(lease.task.id == task.id)
        #expect(try await second.send("GET", "/types").text.contains(#""type":"mail","has_handler":true"#))

        let standing: LeaseState = try await second.send("PUT", "/leases/\(lease.lease)", "{}").decoded()
        #expect(!standing.stop)
        _ = try await second.send(
            "POST", "/leases/\(lease.lease)/progress", #"{"progress":50,"message":"half"}"#)
        #expect(try await first.send("GET", "/tasks/\(task.id)").text.contains(#""progress":50"#))
        let end = try await second.send("POST", "/leases/\(lease.lease)/complete", #"{"result":{"ok":true}}"#)
        #expect(end.status == 200)
        let done = try await first.send("GET", "/tasks/\(task.id)").text
        #expect(done.contains(#""status":"success""#))
        #expect(done.contains(#""result":{"ok":true}"#))
        #expect(done.contains(#""worker_id":"far""#))
        let again = try await first.send("POST", "/leases/\(lease.lease)/complete", "{}")
        #expect(again.status == 409)
    }

    @Test func aCancelAtOneNodeIsReportedAtAnotherAndALeaseOutlivesItsNode() async throws {
        let cluster = try await Cluster(heartbeat: "30s")
        let node = try await cluster.node("a", ["--no-workers"])
        let second = API(try await cluster.node("b", ["--no-workers"]))
        let task = try await second.submit("mail")
        let lease = try await take(API(node))
        try await node.kill9()
        let held: LeaseState = try await second.send("PUT", "/leases/\(lease.lease)", "{}").decoded()
        #expect(!held.stop)
        #expect(try await second.send("DELETE", "/tasks/\(task.id)").status == 200)
        let told: LeaseState = try await second.send("PUT", "/leases/\(lease.lease)", "{}").decoded()
        #expect(told.reason == "canceled")
        _ = try await second.send("POST", "/leases/\(lease.lease)/fail", #"{"error":"stopped"}"#)
        #expect(try await second.end(of: task.id).status == .canceled)
    }

    @Test func aDeadWorkerLosesItsTaskToAnother() async throws {
        let cluster = try await Cluster()
        let api = API(try await cluster.node("a", ["--no-workers"]))
        let task = try await api.submit("mail", "{}", #""max_retry":1"#)
        let first = try await take(api)
        // The lease is not extended; the next request gets the task after three heartbeats.
        let second = try await take(api, wait: 60)
        #expect(second.task.id == task.id)
        #expect(second.lease != first.lease)
        #expect(try await api.send("POST", "/leases/\(first.lease)/complete", "{}").status == 409)
        #expect(try await api.send("POST", "/leases/\(second.lease)/complete", "{}").status == 200)
        #expect(try await api.end(of: task.id).status == .success)
    }
}

#endif
