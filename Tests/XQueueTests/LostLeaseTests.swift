import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

/// Suspensions longer than a lease, stores that do not answer, and nodes that are cut off.
@Suite struct LostLeaseTests {
    /// A type whose tasks end when they are asked to stop, or when the gate opens.
    private func polite(_ node: ClusterFixture.Node, _ stopped: SharedList<StopReason?>) throws -> Gate {
        let begun = Gate()
        begun.open()
        try node.manager.register("a") { task -> RawJSON? in
            await begun.pass()
            do {
                try await untilCanceled()
            } catch {
                stopped.append(task.stopReason)
                throw error
            }
            return nil
        }
        return begun
    }

    /// A node whose tasks of type `a` end when the gate opens.
    private func gated() throws -> (RuntimeFixture, Gate) {
        let fixture = try RuntimeFixture { $0.heartbeatInterval = .seconds(1) }
        let gate = Gate()
        try fixture.manager.register("a") { _ -> RawJSON? in
            await gate.pass()
            return nil
        }
        return (fixture, gate)
    }

    @Test func aNodeThatIsCutOffStopsItsAttemptsBeforeAnotherHasThem() async throws {
        let fixture = try ClusterFixture()
        let node = fixture.node("node-1") { $0.runsWorkers = true }
        let other = fixture.node("node-2")
        let stopped = SharedList<StopReason?>()
        let begun = try polite(node, stopped)
        try await fixture.running([other, node]) {
            let task = try await other.manager.submit("a", .null, .processTimeout(.zero))
            try await eventually("it runs") { begun.entered == 1 }
            node.store.cutOff()
            // A lease lasts three heartbeats; the handler has a tenth of it to stop.
            try await fixture.advance(by: .milliseconds(500), until: "it is asked to stop") {
                !stopped.all.isEmpty
            }
            #expect(stopped.all == [.leaseLost])
            #expect(try await other.manager.task(task.id)?.status == .processing)
            // However slowly this test proceeds, no node takes the task from one that releases it.
            other.store.fail(.sweep, times: .max)
            node.store.heal()
            try await fixture.advance(by: .milliseconds(100), until: "it was released, and runs again") {
                begun.entered == 2
            }
            let record = try #require(try await other.manager.task(task.id))
            #expect(record.retryCount == 0)
            #expect(record.errors.isEmpty)
        }
    }

    @Test func itCanBeTurnedOff() async throws {
        let fixture = try ClusterFixture()
        let node = fixture.node("node-1") { $0.stopsOnLostLease = false }
        let other = fixture.node("node-2")
        let stopped = SharedList<StopReason?>()
        let begun = try polite(node, stopped)
        try await fixture.running([other, node]) {
            let task = try await other.manager.submit("a", .null, .processTimeout(.zero), .maxRetry(0))
            try await eventually("it runs") { begun.entered == 1 }
            node.store.cutOff()
            try await fixture.advance(by: .milliseconds(500), until: "it is lost") {
                try await other.manager.task(task.id)?.status == .failed
            }
            #expect(stopped.all.isEmpty)
            node.store.heal()
            try await fixture.advance(until: "the handler learns that it is lost") { !stopped.all.isEmpty }
        }
    }

    @Test(arguments: 1...10) func aSuspendedNodeDoesNotLoseItsOwnAttempts(_ round: Int) async throws {
        let (fixture, gate) = try gated()
        try await fixture.running { _ in
            let tasks = try await fixture.manager.submit(
                (0..<8).map { _ in
                    var submission = TaskSubmission(type: "a", payload: .null)
                    submission.maxRetry = 0
                    return submission
                })
            try await eventually("they run") { gate.entered == 8 }
            let (sweeps, heartbeats) = (
                fixture.store.calls(of: .sweep), fixture.store.calls(of: .heartbeat)
            )
            // All sleepers wake simultaneously, in any order.
            fixture.clock.advance(by: .seconds(20 + round))
            // Those that had not begun to sleep sleep from now on.
            try await fixture.advance(by: .milliseconds(50), until: "both have continued") {
                fixture.store.calls(of: .sweep) > sweeps && fixture.store.calls(of: .heartbeat) > heartbeats
            }
            gate.open()
            for task in tasks { try await fixture.wait(for: task.record.id, .success) }
            #expect(gate.entered == 8)
        }
    }

    @Test func aNodeSuspendedDuringAClaimDoesNotLoseItsTasks() async throws {
        let (fixture, gate) = try gated()
        try await fixture.running { _ in
            fixture.store.hold(.claim, .after)
            let task = try await fixture.manager.submit("a", .null, .maxRetry(0))
            await fixture.store.waitForHeldCalls(of: .claim)
            // The store has given the attempt a lease of three seconds, which the node does not know of yet.
            fixture.clock.advance(by: .seconds(4))
            let holds = fixture.store.calls(of: .hold)
            try await fixture.advance(by: .milliseconds(50), until: "maintenance continues") {
                fixture.store.calls(of: .hold) > holds + 1
            }
            fixture.store.release(.claim)
            gate.open()
            try await fixture.wait(for: task.id, .success)
            #expect(try await fixture.manager.task(task.id)?.errors.isEmpty == true)
        }
    }

    @Test func aHandlerIsStoppedThatWasCanceledBeforeItStarted() async throws {
        let fixture = try ClusterFixture()
        let node = fixture.node("node-1")
        let other = fixture.node("node-2") { $0.runsWorkers = false }
        let stopped = SharedList<StopReason?>()
        _ = try polite(node, stopped)
        try await fixture.running([other, node]) {
            node.store.hold(.claim, .before)
            let task = try await other.manager.submit("a", .null)
            await node.store.waitForHeldCalls(of: .claim)
            node.store.release(.claim)
            node.store.hold(.claim, .after)
            await node.store.waitForHeldCalls(of: .claim)
            // The node hears of it, but does not know yet that it has the task.
            #expect(try await other.manager.cancel(task.id).status == .processing)
            node.store.release(.claim)
            // No heartbeat is due: the clock stands still.
            try await eventually("it is asked to stop") { !stopped.all.isEmpty }
            #expect(stopped.all == [.canceled])
        }
    }

    @Test func aTimeoutIsNoLossHoweverShortTheGracePeriod() async throws {
        let fixture = try ClusterFixture()
        // Shorter than the time that handlers have before their lease expires.
        let node = fixture.node("node-1") { $0.gracePeriod = .milliseconds(500) }
        let stopped = SharedList<StopReason?>()
        let begun = try polite(node, stopped)
        try await fixture.running([node]) {
            let task = try await node.manager.submit("a", .null, .processTimeout(.seconds(40)), .maxRetry(0))
            try await eventually("it runs") { begun.entered == 1 }
            try await fixture.advance(by: .milliseconds(500), until: "it has ended") {
                try await node.manager.task(task.id)?.status.isFinal == true
            }
            #expect(stopped.all == [.timedOut])
            let record = try #require(try await node.manager.task(task.id))
            #expect(record.status == .failed)
            #expect(record.errors.map(\.kind) == [.timeout])
        }
    }

    @Test func aHandlerDoesNotStartOnceItsLeaseHasExpired() async throws {
        let fixture = try ClusterFixture()
        let (node, other) = (fixture.node("node-1"), fixture.node("node-2"))
        let starts = SharedList<String>()
        for member in [node, other] {
            let name = member.manager.workerID
            try member.manager.register("a") { (_: TaskContext<RawJSON>) -> RawJSON? in
                starts.append(name)
                return nil
            }
        }
        // The first one sweeps; a node that waits for a claim does not.
        try await fixture.running([other, node]) {
            other.store.fail(.claim, times: .max)
            node.store.hold(.claim, .before)
            let task = try await other.manager.submit("a", .null)
            await node.store.waitForHeldCalls(of: .claim)
            node.store.release(.claim)
            node.store.hold(.claim, .after)
            await node.store.waitForHeldCalls(of: .claim)
            #expect(try await other.manager.task(task.id)?.workerID == "node-1")
            try await fixture.advance(until: "its lease is lost") {
                try await other.manager.task(task.id)?.status == .pending
            }
            other.store.heal()
            try await fixture.advance(until: "another node has run it") {
                try await other.manager.task(task.id)?.status == .success
            }
            let claims = node.store.calls(of: .claim)
            node.store.release(.claim)
            try await fixture.advance(until: "the node claims again") {
                node.store.calls(of: .claim) > claims
            }
            #expect(starts.all == ["node-2"])
        }
    }

    @Test func anOutcomeReachesAnUnreachableStoreBeforeItSweepsLeases() async throws {
        let (fixture, gate) = try gated()
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("a", .null, .processTimeout(.seconds(10)))
            try await eventually("it runs") { gate.entered == 1 }
            // As with a full disk: nothing can be written, for longer than any lease and timeout.
            for verb in [StoreVerb.settle, .heartbeat, .report, .sweep, .claim] {
                fixture.store.fail(verb, times: .max)
            }
            gate.open()
            try await eventually("its end was tried") { fixture.store.calls(of: .settle) > 0 }
            fixture.clock.advance(by: .seconds(300))
            fixture.store.heal()
            try await fixture.advance(by: .milliseconds(50), until: "it has ended") {
                try await fixture.manager.task(task.id)?.status.isFinal == true
            }
            let done = try #require(try await fixture.manager.task(task.id))
            #expect(done.status == .success)
            #expect(done.errors.isEmpty)
            #expect(gate.entered == 1)
        }
    }
}
