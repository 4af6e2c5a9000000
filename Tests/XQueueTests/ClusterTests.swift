import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

/// Nodes that share a store know of each other.
@Suite struct ClusterTests {
    @Test func nodesRegisterAndDeregister() async throws {
        let fixture = try ClusterFixture()
        let one = fixture.node("node-1") { $0.version = "1.2.3" }
        let two = fixture.node("node-2") {
            $0.runsWorkers = false
            $0.servesAPI = true
        }
        try one.manager.register("b") { _ -> RawJSON? in nil }
        try one.manager.register("a") { _ -> RawJSON? in nil }
        try two.manager.register("c") { _ -> RawJSON? in nil }
        try await fixture.running([one, two]) {
            fixture.clock.advance(by: .seconds(1))
            let nodes = try await two.manager.nodes()
            #expect(nodes.map(\.id) == ["node-1", "node-2"])
            #expect(nodes.map(\.program.version) == ["1.2.3", "dev"])
            #expect(nodes.map(\.types) == [["a", "b"], []])
            #expect(nodes.map(\.load.total) == [10, 0])
            #expect(nodes.map(\.roles) == [.worker, .api])
            #expect(nodes.allSatisfy { !$0.program.host.isEmpty && $0.program.processID > 0 })
            #expect(try await one.manager.nodes() == nodes)
            await one.shutDown()
            try await fixture.advance(until: "it has deregistered") {
                try await two.manager.nodes().map(\.id) == ["node-2"]
            }
        }
    }

    @Test func aSilentNodeDisappearsAndComesBack() async throws {
        let fixture = try ClusterFixture()
        let one = fixture.node("node-1")
        let two = fixture.node("node-2")
        try await fixture.running([one, two]) {
            two.store.cutOff()
            try await fixture.pass(ClusterFixture.heartbeat * 3 + .seconds(1))
            #expect(try await one.manager.nodes().map(\.id) == ["node-1"])
            #expect(two.log.all.filter { $0.hasPrefix("Could not register this node") }.count == 1)
            two.store.heal()
            try await fixture.advance(until: "it is registered again") {
                try await one.manager.nodes().map(\.id) == ["node-1", "node-2"]
            }
        }
    }

    @Test func anotherNodeServesATypeAsWellAsThisOne() async throws {
        let fixture = try ClusterFixture()
        let api = fixture.node("api") { $0.runsWorkers = false }
        let worker = fixture.node("worker")
        try api.manager.register("a", maxConcurrency: 3) { _ -> RawJSON? in nil }
        try worker.manager.register("a") { _ -> RawJSON? in .null }
        try worker.manager.register("unseen") { _ -> RawJSON? in nil }
        try await fixture.running([worker, api]) {
            let task = try await api.manager.submit("a", .null)
            try await api.manager.submit("nobody", .null)
            try await api.manager.submit([TaskSubmission(type: "nobody"), TaskSubmission(type: "a")])
            try await fixture.advance(until: "it logs that no node serves a type") { !api.log.all.isEmpty }
            #expect(api.log.all == ["Accepted a task whose type no live node serves nobody"])
            try await eventually("it has run") {
                try await api.manager.task(task.id)?.status == .success
            }
            #expect(try await api.manager.task(task.id)?.workerID == "worker")
            let types = try await api.manager.types()
            #expect(types.map(\.state.type) == ["a", "nobody", "unseen"])
            #expect(types.map(\.hasHandler) == [true, false, true])
            #expect(types.map(\.state.limit) == [nil, nil, nil])
            #expect(api.store.calls(of: .claim) == 0)
            #expect(api.store.calls(of: .setLimit) == 0)
            await worker.shutDown()
            try await fixture.advance(until: "no node serves it") {
                try await api.manager.types().allSatisfy { !$0.hasHandler }
            }
            #expect(try await api.manager.statistics().types.contains { $0.hasHandler } == false)
        }
    }

    @Test func servedTypesAreFetchedOncePerMoment() async throws {
        let fixture = try ClusterFixture()
        let api = fixture.node("api") { $0.runsWorkers = false }
        let worker = fixture.node("worker")
        try worker.manager.register("a") { _ -> RawJSON? in nil }
        try await fixture.running([worker, api]) {
            let before = api.store.calls(of: .nodes)
            for _ in 0..<50 {
                try await api.manager.submit("a", .null)
                try await api.manager.submit("nobody", .null)
                _ = try await api.manager.types()
                _ = try await api.manager.statistics()
            }
            #expect(api.store.calls(of: .nodes) - before <= 1)
            #expect(worker.store.calls(of: .nodes) == 0)
        }
    }

    @Test func aStoreThatCannotListNodesStillAcceptsTasks() async throws {
        let fixture = try ClusterFixture()
        let api = fixture.node("api") { $0.runsWorkers = false }
        try await fixture.running([api]) {
            api.store.fail(.nodes, times: .max)
            let before = api.store.calls(of: .nodes)
            try await api.manager.submit("nobody", .null)
            try await eventually("it was asked") { api.store.calls(of: .nodes) > before }
            #expect(api.log.all.isEmpty)
            api.store.heal()
            try await fixture.advance(until: "a later submission logs it") {
                try await api.manager.submit("nobody", .null)
                return !api.log.all.isEmpty
            }
            #expect(api.log.all == ["Accepted a task whose type no live node serves nobody"])
        }
    }

    @Test("A submission does not wait for a store that does not list nodes")
    func submissionDoesNotWait() async throws {
        let fixture = try ClusterFixture()
        let api = fixture.node("api") { $0.runsWorkers = false }
        try await fixture.running([api]) {
            api.store.hold(.nodes)
            try await api.manager.submit("nobody", .null)
            await api.store.waitForHeldCalls(of: .nodes)
            try await api.manager.submit("nobody", .null)
            try await api.manager.submit([TaskSubmission(type: "nobody"), TaskSubmission(type: "other")])
            #expect(api.log.all.isEmpty)
            api.store.release(.nodes)
            try await fixture.advance(until: "both are logged") { api.log.all.count == 2 }
            #expect(Set(api.log.all.map { $0.split(separator: " ").last }) == ["nobody", "other"])
            api.store.hold(.nodes)
            let before = api.store.calls(of: .nodes)
            try await api.manager.submit("third", .null)
            try await fixture.advance(until: "the store is asked") { api.store.calls(of: .nodes) > before }
            // The node still shuts down: whatever waits for its store ends with it.
        }
    }

    @Test func statisticsCountTheWorkersOfAllNodes() async throws {
        let fixture = try ClusterFixture()
        let nodes = ["node-1", "node-2"].map { fixture.node($0) { $0.maxConcurrency = 3 } }
        let gate = Gate()
        for node in nodes {
            try node.manager.register("held") { _ -> RawJSON? in
                await gate.pass()
                return nil
            }
        }
        try await fixture.running(nodes) {
            for _ in 0..<6 {
                try await nodes[0].manager.submit("held", .null, .processTimeout(.zero))
            }
            try await eventually("all run") { gate.entered == 6 }
            try await fixture.advance(until: "the other node's load is known") {
                let load = try await nodes[0].manager.statistics().workers
                return load == WorkerLoad(total: 6, active: 6, stuck: 0)
            }
            #expect(try await nodes[0].manager.statistics().nodes.map(\.load.active) == [3, 3])
            gate.open()
        }
    }
}
