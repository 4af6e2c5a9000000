import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

/// Maintenance runs on one node of the cluster, and never stops for long.
@Suite struct MaintenanceTests {
    private func sweeps(_ node: ClusterFixture.Node) -> Int { node.store.calls(of: .sweep) }

    @Test func oneNodeSweepsAndTheOthersAreIdle() async throws {
        let fixture = try ClusterFixture()
        let nodes = ["node-1", "node-2", "node-3"].map { fixture.node($0) }
        try nodes[1].manager.register("a") { _ -> RawJSON? in nil }
        try await fixture.running(nodes) {
            let task = try await nodes[2].manager.submit("a", .null, .delay(.seconds(7)))
            try await fixture.advance(by: .milliseconds(500), until: "it has run") {
                try await nodes[2].manager.task(task.id)?.status == .success
            }
            try await fixture.pass(.seconds(60))
            #expect(sweeps(nodes[0]) > 0)
            #expect(sweeps(nodes[1]) == 0)
            #expect(sweeps(nodes[2]) == 0)
        }
    }

    @Test func onlyOneNodePrunes() async throws {
        let fixture = try ClusterFixture()
        let nodes = ["node-1", "node-2"].map { name in
            fixture.node(name) { $0.cleanupInterval = .seconds(5) }
        }
        try await fixture.running(nodes) {
            try await fixture.pass(.seconds(30))
            #expect(nodes[0].store.calls(of: .prune) > 0)
            #expect(nodes[1].store.calls(of: .prune) == 0)
        }
    }

    @Test func unusedTypesAreRemoved() async throws {
        let fixture = try ClusterFixture()
        let nodes = ["node-1", "node-2"].map { name in
            fixture.node(name) {
                $0.cleanupInterval = .seconds(5)
                $0.retentionAge = .seconds(60)
                $0.maintenanceBatch = 3
            }
        }
        try nodes[1].manager.register("served") { _ -> RawJSON? in nil }
        let names = (0..<10).map { "name-\($0)" }
        try await fixture.running(nodes) {
            let manager = nodes[0].manager
            for type in names + ["waiting", "served"] { try await manager.submit(type, .null) }
            try await manager.setLimit(1, of: "limited", create: true)
            try await manager.pause("paused", create: true)
            for task in try await manager.tasks(TaskQuery(statuses: [.pending], limit: 100)).tasks
            where task.type.hasPrefix("name") {
                try await manager.cancel(task.id)
            }
            try await fixture.pass(.seconds(30))
            #expect(try await manager.types().count == names.count + 4)
            try await fixture.advance(by: .seconds(1), until: "they are removed") {
                try await manager.types().map(\.state.type) == ["limited", "paused", "served", "waiting"]
            }
            #expect(nodes[1].store.calls(of: .removeTypes) == 0)
        }
    }

    @Test func anotherNodeTakesOverWhenOneShutsDown() async throws {
        let fixture = try ClusterFixture()
        let one = fixture.node("node-1")
        let two = fixture.node("node-2")
        try two.manager.register("a") { _ -> RawJSON? in nil }
        try await fixture.running([one, two]) {
            await one.shutDown()
            try await eventually("it has deregistered") { one.store.calls(of: .unregister) > 0 }
            #expect(one.store.calls(of: .release) == 1)
            // It became due while no node held the lease.
            let task = try await two.manager.submit("a", .null, .delay(.milliseconds(1)))
            try await fixture.advance(by: .milliseconds(500), until: "it has run") {
                try await two.manager.task(task.id)?.status == .success
            }
            #expect(sweeps(two) > 0)
        }
    }

    @Test func aDeadNodesTasksRunElsewhereWithinThreeHeartbeats() async throws {
        let fixture = try ClusterFixture()
        let one = fixture.node("node-1")
        let two = fixture.node("node-2")
        let gate = Gate()
        try one.manager.register("a") { _ -> RawJSON? in
            await gate.pass()
            return nil
        }
        try await fixture.running([one, two]) {
            let policy = RetryPolicy(strategy: .fixed, delay: .zero, jitter: 0)
            let task = try await two.manager.submit("a", .null, .processTimeout(.zero), .retry(policy))
            try await eventually("it runs on the node that does maintenance") { gate.entered == 1 }
            one.store.cutOff()
            try two.manager.register("a") { _ -> RawJSON? in nil }
            let start = fixture.clock.now()
            try await fixture.advance(by: .milliseconds(100), until: "it has run elsewhere") {
                try await two.manager.task(task.id)?.status == .success
            }
            // Plus the clock steps that the nodes need to notice.
            #expect(fixture.clock.now() - start <= ClusterFixture.heartbeat * 3 + .seconds(2))
            let done = try #require(try await two.manager.task(task.id))
            #expect(done.workerID == "node-2")
            #expect(done.errors.map(\.kind) == [.leaseLost])
            gate.open()
        }
    }

    @Test func aNodeThatComesBackLateIsFencedAndStopsItsHandler() async throws {
        let fixture = try ClusterFixture()
        let one = fixture.node("node-1")
        let two = fixture.node("node-2")
        let gate = Gate()
        let reasons = SharedList<StopReason?>()
        try one.manager.register("a") { task -> RawJSON? in
            await gate.pass()
            reasons.append(task.stopReason)
            return .null
        }
        try await fixture.running([one, two]) {
            let policy = RetryPolicy(strategy: .fixed, delay: .zero, jitter: 0)
            let task = try await two.manager.submit("a", .null, .processTimeout(.zero), .retry(policy))
            try await eventually("it runs") { gate.entered == 1 }
            one.store.cutOff()
            try two.manager.register("a") { _ -> RawJSON? in try RawJSON("2") }
            try await fixture.advance(by: .milliseconds(500), until: "it has run elsewhere") {
                try await two.manager.task(task.id)?.status == .success
            }
            one.store.heal()
            try await fixture.advance(until: "the first node notices") {
                try await one.manager.nodes().first { $0.id == "node-1" }?.load.stuck == 1
            }
            gate.open()
            try await eventually("its handler ended") { reasons.all.count == 1 }
            #expect(reasons.all == [.leaseLost])
            #expect(try await one.manager.task(task.id)?.result?.text == "2")
            #expect(try await one.manager.task(task.id)?.workerID == "node-2")
        }
    }

    @Test func aStoreThatFailsForAWhileIsRetried() async throws {
        let fixture = try ClusterFixture()
        var one = fixture.node("node-1")
        one.startsInTrouble = true
        try one.manager.register("a") { _ -> RawJSON? in nil }
        one.store.fail(.hold, times: 5)
        one.store.fail(.register, times: 5)
        try await fixture.running([one]) {
            let task = try await one.manager.submit("a", .null, .delay(.seconds(1)))
            try await fixture.advance(until: "it has run") {
                try await one.manager.task(task.id)?.status == .success
            }
            try await fixture.advance(until: "it is registered") {
                try await one.manager.nodes().map(\.id) == ["node-1"]
            }
        }
    }

    @Test func aNodeThatCannotRenewTheLeaseIsIdleAndTwoSweepersDoNoHarm() async throws {
        let fixture = try ClusterFixture()
        let one = fixture.node("node-1")
        let two = fixture.node("node-2")
        let runs = SharedList<TaskID>()
        for node in [one, two] {
            try node.manager.register("a") { task -> RawJSON? in
                runs.append(task.id)
                return nil
            }
        }
        try await fixture.running([one, two]) {
            // The store does not tell the first node that it lost the lease: its own clock does.
            one.store.fail(.hold, times: .max)
            try await fixture.advance(until: "the second node holds it") { sweeps(two) > 0 }
            let before = sweeps(one)
            for index in 1...50 {
                try await one.manager.submit("a", .null, .delay(.milliseconds(100 * index)))
            }
            try await fixture.advance(by: .milliseconds(100), until: "all have run") {
                // Like a node that still believes it holds the lease.
                _ = try await fixture.inner.sweep(limit: 500, draw: 0.5)
                return try await one.manager.statistics().store.counts[.success] == 50
            }
            #expect(sweeps(one) == before)
            #expect(runs.all.count == 50)
        }
    }

    @Test func aTaskIsCanceledFromAnotherNode() async throws {
        let fixture = try ClusterFixture()
        let api = fixture.node("api") { $0.runsWorkers = false }
        let worker = fixture.node("worker")
        let gate = Gate()
        try worker.manager.register("a") { _ -> RawJSON? in
            gate.open()
            await gate.pass()
            try await untilCanceled()
            return nil
        }
        try await fixture.running([api, worker]) {
            let task = try await api.manager.submit("a", .null)
            try await eventually("it runs") { gate.entered == 1 }
            try await api.manager.cancel(task.id)
            try await eventually("it is canceled without the clock moving") {
                try await api.manager.task(task.id)?.status == .canceled
            }
        }
    }
}
