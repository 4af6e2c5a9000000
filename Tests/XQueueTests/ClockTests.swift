import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

/// Wrong or adjusted wall clocks: only the store's clock dates anything, and no wait depends on a wall clock.
@Suite struct ClockTests {
    static let steps = [Duration.seconds(30), .seconds(-30), .seconds(3600), .seconds(-3600)]

    @Test(arguments: [Duration.seconds(5), .seconds(700), .seconds(-700), .seconds(366 * 86_400)])
    func aNodeWhoseClockIsWrongRunsTasksLikeAnyOther(_ skew: Duration) async throws {
        let fixture = try ClusterFixture()
        let node = fixture.node("node-1", clock: SkewedClock(fixture.clock, aheadBy: skew))
        let gate = Gate()
        try node.manager.register("a") { task -> RawJSON? in
            await gate.pass()
            return task.stopReason == nil ? .null : nil
        }
        try await fixture.running([node]) {
            let task = try await node.manager.submit("a", .null, .processTimeout(.seconds(3)), .maxRetry(0))
            try await eventually("it runs") { gate.entered == 1 }
            fixture.clock.advance(by: .seconds(2))
            gate.open()
            try await eventually("it has ended") {
                try await node.manager.task(task.id)?.status.isFinal == true
            }
            let done = try #require(try await node.manager.task(task.id))
            #expect(done.status == .success)
            #expect(done.errors.isEmpty)
            // Only the store's clock dates the identifier and the node's record.
            #expect(abs((task.id.timestamp - task.createdAt).inSeconds) < 1)
            let record = try #require(try await node.manager.nodes().first)
            #expect(abs((record.program.startedAt - fixture.clock.now()).inSeconds) < 60)
        }
    }

    @Test func anIdentifierIsNotRejectedForGoodByTheNodesOwnClock() async throws {
        let fixture = try ClusterFixture()
        let clock = SkewedClock(fixture.clock, aheadBy: .seconds(-3 * 86_400))
        let node = fixture.node("node-1", clock: clock)
        let id = TaskIDGenerator(clock: fixture.clock).next()
        node.store.fail(.now)
        do throws(QueueError) {
            try await node.manager.submit("a", .null, .id(id))
            Issue.record("the node's clock is three days behind the identifier")
        } catch {
            #expect(error.code == .storeUnavailable)
        }
        fixture.clock.advance(by: .seconds(10))
        #expect(try await node.manager.submit("a", .null, .id(id)).id == id)
        let later = TaskIDGenerator(clock: SkewedClock(fixture.clock, aheadBy: .seconds(3 * 86_400))).next()
        do throws(QueueError) {
            try await node.manager.submit("a", .null, .id(later))
            Issue.record("the identifier is three days ahead of the store")
        } catch {
            #expect(error.code == .invalidField)
        }
        await fixture.inner.close()
    }

    @Test(arguments: [Duration.seconds(5), .seconds(700), .seconds(-700)])
    func aRemoteWorkersTimeIsNotMeasuredByTheNodesClock(_ skew: Duration) async throws {
        let fixture = try ClusterFixture()
        let clock = SkewedClock(fixture.clock, aheadBy: skew)
        let node = fixture.node("node-1", clock: clock) { $0.runsWorkers = false }
        let other = fixture.node("node-2", clock: clock) { $0.runsWorkers = false }
        try await fixture.running([node, other]) {
            let policy = RetryPolicy(strategy: .fixed, delay: .zero, jitter: 0)
            for asked in [node, other] {
                try await node.manager.submit("far", .null, .processTimeout(.seconds(3)), .retry(policy))
                let request = LeaseRequest(worker: RemoteWorker(name: "w", types: ["far"]))
                let record = try #require(try await node.manager.lease(request).tasks.first)
                let attempt = AttemptID(taskID: record.id, token: try #require(record.lease).token)
                #expect(try await asked.manager.extend([attempt]) == [.held])
                fixture.clock.advance(by: .seconds(2))
                #expect(try await asked.manager.extend([attempt]) == [.held])
                fixture.clock.advance(by: .seconds(1))
                #expect(try await asked.manager.extend([attempt]) == [.stop(.timedOut)])
                _ = try await asked.manager.end([LeaseEnd(attempt, .success(nil))])
                #expect(try await asked.manager.task(record.id)?.errors.map(\.kind) == [.timeout])
                try await asked.manager.cancel(record.id)
            }
        }
    }

    @Test(arguments: steps) func aNodeWhoseClockIsSetContinuesItsHeartbeats(_ step: Duration) async throws {
        let fixture = try ClusterFixture()
        let clock = SkewedClock(fixture.clock)
        let node = fixture.node("node-1", clock: clock)
        let other = fixture.node("node-2")
        let gate = Gate()
        try node.manager.register("a") { _ -> RawJSON? in
            await gate.pass()
            return nil
        }
        try await fixture.running([node, other]) {
            let task = try await node.manager.submit("a", .null, .processTimeout(.zero), .maxRetry(0))
            try await eventually("it runs") { gate.entered == 1 }
            clock.set(aheadBy: step)
            let (heartbeats, announcements) = (
                node.store.calls(of: .heartbeat), node.store.calls(of: .register)
            )
            // Nothing sleeps longer than before, or forever.
            for _ in 0..<30 {
                let before = node.store.calls(of: .heartbeat)
                try await fixture.advance(until: "a heartbeat") { node.store.calls(of: .heartbeat) > before }
            }
            #expect(node.store.calls(of: .heartbeat) < heartbeats + 200)
            #expect(node.store.calls(of: .register) > announcements)
            #expect(try await fixture.inner.nodes().contains { $0.id == "node-1" })
            gate.open()
            try await eventually("it has ended") {
                try await node.manager.task(task.id)?.status == .success
            }
        }
    }

    @Test(arguments: [Duration.seconds(3600), .seconds(-3600), .seconds(20)])
    func maintenanceOfANodeWhoseClockIsWrongLooksWhenItIsTime(_ skew: Duration) async throws {
        let fixture = try ClusterFixture()
        let node = fixture.node("node-1", clock: SkewedClock(fixture.clock, aheadBy: skew))
        try node.manager.register("a") { _ -> RawJSON? in nil }
        try await fixture.running([node]) {
            let task = try await node.manager.submit("a", .null, .delay(.seconds(8)))
            let before = node.store.calls(of: .sweep)
            try await fixture.pass(.seconds(7), step: .milliseconds(100))
            #expect(node.store.calls(of: .sweep) < before + 10)
            #expect(try await node.manager.task(task.id)?.pendingReason == .scheduled)
            try await fixture.advance(by: .milliseconds(200), until: "it has run") {
                try await node.manager.task(task.id)?.status == .success
            }
            let done = try #require(try await node.manager.task(task.id))
            #expect(try #require(done.startedAt) - done.createdAt < .seconds(60))
        }
    }

    @Test func identifiersFollowTheStoresClockBack() async throws {
        let fixture = try RuntimeFixture()
        fixture.clock.step(by: .seconds(366 * 86_400))
        let ahead = try await fixture.manager.submit("a", .null)
        #expect(abs((ahead.id.timestamp - fixture.clock.now()).inSeconds) < 1)
        fixture.clock.step(by: .seconds(-366 * 86_400))
        try await eventually("new identifiers have the right year") {
            fixture.clock.advance(by: .seconds(5))
            let task = try await fixture.manager.submit("a", .null)
            return abs((task.id.timestamp - fixture.clock.now()).inSeconds) < 1
        }
        await fixture.store.close()
    }

    @Test func anIdentifierFromTheFutureIsRejected() async throws {
        let fixture = try RuntimeFixture()
        func submission(_ ahead: Duration) -> TaskSubmission {
            var submission = TaskSubmission(type: "a", payload: .null)
            submission.id = TaskID.lowest(at: fixture.clock.now() + ahead)
            return submission
        }
        for ahead in [Duration.seconds(86_400), .zero, .seconds(-365 * 86_400)] {
            _ = try await fixture.manager.submit(submission(ahead))
        }
        for ahead in [Duration.milliseconds(86_400_001), .seconds(366 * 86_400)] {
            let error = await #expect(throws: QueueError.self) {
                try await fixture.manager.submit(submission(ahead))
            }
            #expect(error?.code == .invalidField)
            #expect(error?.message.contains("more than a day ahead") == true)
            let batch = await #expect(throws: QueueError.self) {
                try await fixture.manager.submit([submission(.zero), submission(ahead)])
            }
            #expect(batch?.field == "tasks[1].id")
        }
        #expect(try await fixture.manager.statistics().store.counts[.pending] == 3)
        await fixture.store.close()
    }
}
