import Synchronization
import Testing
import XQueue
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

/// Which tasks run, and how many concurrently.
@Suite struct DispatchTests {
    /// Counts concurrent runs, and remembers the maximum.
    private final class HighWater: Sendable {
        private let state = Mutex((now: 0, most: 0))

        func enter() {
            state.withLock { state in
                state.now += 1
                state.most = max(state.most, state.now)
            }
        }

        func leave() {
            state.withLock { $0.now -= 1 }
        }

        var most: Int { state.withLock { $0.most } }
    }

    @Test func neverMoreThanTheLimitsRunConcurrently() async throws {
        let fixture = try RuntimeFixture()
        let all = HighWater()
        let ofType = HighWater()
        let ofKey = HighWater()
        let typeGate = Gate()
        let keyGate = Gate()
        try fixture.manager.register("limited", maxConcurrency: 4) { (_: TaskContext<RawJSON>) -> RawJSON? in
            all.enter()
            ofType.enter()
            await typeGate.pass()
            ofType.leave()
            all.leave()
            return nil
        }
        try fixture.manager.register("keyed") { (_: TaskContext<RawJSON>) -> RawJSON? in
            all.enter()
            ofKey.enter()
            await keyGate.pass()
            ofKey.leave()
            all.leave()
            return nil
        }
        try await fixture.running { _ in
            for _ in 0..<100 {
                try await fixture.manager.submit("limited", .null)
                try await fixture.manager.submit("keyed", .null, .concurrency("k", limit: 3))
            }
            try await eventually("both limits are reached") {
                typeGate.entered == 4 && keyGate.entered == 3
            }
            typeGate.open()
            keyGate.open()
            try await eventually("all have succeeded") {
                try await fixture.manager.statistics().store.counts[.success] == 200
            }
            #expect(ofType.most == 4)
            #expect(ofKey.most == 3)
            #expect(all.most <= 10)
            #expect(try await fixture.manager.statistics().store.keysInUse == 0)
        }
    }

    @Test func aSaturatedKeyOccupiesNoSlotAndBlocksNoOtherTask() async throws {
        let fixture = try RuntimeFixture { $0.maxConcurrency = 2 }
        let gate = Gate()
        try fixture.manager.register("held") { (_: TaskContext<RawJSON>) -> RawJSON? in
            await gate.pass()
            return nil
        }
        try fixture.manager.register("free") { (_: TaskContext<RawJSON>) -> RawJSON? in nil }
        try await fixture.running { _ in
            var held: [TaskID] = []
            for _ in 0..<20 {
                held.append(
                    try await fixture.manager.submit("held", .null, .priority(9), .concurrency("k")).id)
            }
            try await eventually("the key is taken") { gate.entered == 1 }
            for _ in 0..<50 { try await fixture.manager.submit("free", .null) }
            try await eventually("the others have run") {
                try await fixture.manager.statistics().store.counts[.success] == 50
            }
            #expect(gate.entered == 1)
            #expect(try await fixture.manager.task(held[1])?.pendingReason == .parked)
            gate.open()
            for id in held { try await fixture.wait(for: id, .success) }
        }
    }

    @Test func strictPriorityThenFirstInFirstOutAcrossTypes() async throws {
        let fixture = try RuntimeFixture { $0.maxConcurrency = 1 }
        let order = SharedList<String>()
        for type in ["a", "b"] {
            try fixture.manager.register(type) { (task: TaskContext<RawJSON>) -> RawJSON? in
                order.append(task.payload.text)
                return nil
            }
        }
        for (number, priority) in [0, 5, -1, 5, 0, 9].enumerated() {
            try await fixture.manager.submit(
                number.isMultiple(of: 2) ? "a" : "b", try RawJSON(String(number)), .priority(Int32(priority)))
        }
        try await fixture.running { _ in
            try await eventually("all have run") { order.all.count == 6 }
            #expect(order.all == ["5", "1", "3", "0", "4", "2"])
        }
    }

    @Test func aPausedTypeWaitsUntilResumed() async throws {
        let fixture = try RuntimeFixture()
        let runs = SharedList<TaskID>()
        try fixture.manager.register("p") { (task: TaskContext<RawJSON>) -> RawJSON? in
            runs.append(task.id)
            return nil
        }
        try fixture.manager.register("q") { (_: TaskContext<RawJSON>) -> RawJSON? in nil }
        try await fixture.running { _ in
            try await fixture.manager.pause("p")
            let held = try await fixture.manager.submit("p", .null)
            let other = try await fixture.manager.submit("q", .null)
            try await fixture.wait(for: other.id, .success)
            #expect(runs.all.isEmpty)
            try await fixture.manager.resume("p")
            try await fixture.wait(for: held.id, .success)
        }
    }

    @Test func aScheduledTaskRunsWhenItsTimeHasCome() async throws {
        let fixture = try RuntimeFixture()
        try fixture.manager.register("s") { (_: TaskContext<RawJSON>) -> RawJSON? in nil }
        try await fixture.running { _ in
            let start = fixture.clock.now()
            let task = try await fixture.manager.submit("s", .null, .delay(.seconds(90)))
            #expect(task.pendingReason == .scheduled)
            try await fixture.advance(by: .seconds(1), until: "it has run") {
                try await fixture.manager.task(task.id)?.status == .success
            }
            let done = try #require(try await fixture.manager.task(task.id))
            #expect(try #require(done.startedAt) - start >= .seconds(90))
        }
    }

    @Test func anUnclaimedTaskTimesOut() async throws {
        let fixture = try RuntimeFixture()
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("nobody", .null, .queueTimeout(.seconds(30)))
            try await fixture.advance(by: .seconds(1), until: "it has timed out") {
                try await fixture.manager.task(task.id)?.status == .timeout
            }
            #expect(try await fixture.manager.retry(task.id).status == .pending)
        }
    }

    @Test func aStoreThatFailsForAWhileLosesNothing() async throws {
        let fixture = try RuntimeFixture()
        let runs = SharedList<TaskID>()
        try fixture.manager.register("f") { (task: TaskContext<RawJSON>) -> RawJSON? in
            runs.append(task.id)
            return nil
        }
        fixture.store.fail(.claim, times: 3)
        fixture.store.fail(.settle, times: 3)
        fixture.store.fail(.settle, times: 1, .after)
        fixture.store.fail(.sweep, times: 3)
        try await fixture.running { _ in
            var ids: Set<TaskID> = []
            for _ in 0..<20 { ids.insert(try await fixture.manager.submit("f", .null).id) }
            try await fixture.advance(by: .milliseconds(50), until: "all have succeeded") {
                // The fifth call is the one whose answer arrives.
                let settles = fixture.store.calls(of: .settle)
                return try await fixture.manager.statistics().store.counts[.success] == 20 && settles >= 5
            }
            #expect(Set(runs.all) == ids)
            #expect(runs.all.count == 20)
        }
    }
}
