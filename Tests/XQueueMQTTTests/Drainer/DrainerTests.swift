import ServiceLifecycle
import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

/// The drainer delivers every event to its sink and delays nothing else.
@Suite(.timeLimit(.minutes(5))) struct DrainerTests {
    private static let trouble = "Could not deliver events to sink; retrying"

    @Test func everyEventArrivesOnceAndInOrder() async throws {
        let fixture = try DrainerFixture()
        let node = try fixture.node("one")
        try await fixture.running([node]) {
            try await fixture.work(1000, on: node)
            try await eventually("all is delivered") { Stories(node.sink.events).whole == 1000 }
            #expect(firstDifference(node.sink.events.map(\.cursor.number), 1...3000) == nil)
            #expect(Stories(node.sink.events).broken.isEmpty)
            try await eventually("all is acknowledged") {
                try await node.manager.statistics().sinks.first?.lag == 0
            }
            let report = try #require(try await node.manager.statistics().sinks.first)
            #expect(report.name == "recording")
            #expect(report.isDraining && report.isConnected)
            #expect(report.tally.delivered == 3000)
            #expect(report.tally.lost == 0)
            #expect(report.cursor.number == 3000)
        }
        #expect(!node.sink.isOpen)
    }

    @Test func aFailingSinkDelaysNoTaskAndLosesNothing() async throws {
        let fixture = try DrainerFixture()
        let node = try fixture.node("one")
        node.sink.setDown(true)
        try await fixture.running([node]) {
            try await fixture.work(500, on: node)
            try await eventually("delivery was retried") { node.sink.failures > 2 }
            #expect(node.sink.events.isEmpty)
            #expect(try await node.manager.statistics().sinks.first?.isConnected == false)
            #expect(try await node.manager.statistics().sinks.first?.lag == 1500)
            try await eventually("it is logged") { !node.log.all.isEmpty }
            node.sink.setDown(false)
            try await eventually("all is delivered") { Stories(node.sink.events).whole == 500 }
            #expect(firstDifference(node.sink.events.map(\.cursor.number), 1...1500) == nil)
            // Once, however often it failed.
            #expect(node.log.all.filter { $0 == Self.trouble }.count == 1)
        }
    }

    @Test func rejectedMessagesAreCountedAndLogged() async throws {
        let fixture = try DrainerFixture()
        let node = try fixture.node("one")
        node.sink.reject(["a/b"])
        try await fixture.running([node]) {
            try await eventually("it is counted") { node.manager.sinkConditions().first?.rejected == 1 }
            #expect(node.log.all == ["Message rejected by sink and set aside a/b"])
            let condition = try #require(node.manager.sinkConditions().first)
            #expect(condition.lastRejected?.rejection == SinkRejection(topic: "a/b", reason: "no"))
            #expect(condition.problem == nil)
            #expect(try await node.manager.statistics().sinks.first?.tally.rejected == 1)
            // When there are many, all are counted but not all logged.
            node.sink.reject((0..<100).map { "c/\($0)" })
            try await fixture.work(1, on: node)
            try await eventually("all are counted") { node.manager.sinkConditions().first?.rejected == 101 }
            #expect(node.log.all.count <= 1 + 20)
        }
    }

    @Test func aSinkProblemIsReportedUntilItIsResolved() async throws {
        let fixture = try DrainerFixture()
        let node = try fixture.node("one")
        node.sink.setDown(true)
        try await fixture.running([node]) {
            try await eventually("the problem is reported") {
                node.manager.sinkConditions().first?.problem != nil
            }
            #expect(try await node.manager.statistics().sinks.first?.problem != nil)
            node.sink.setDown(false)
            try await fixture.work(1, on: node)
            try await eventually("the problem is cleared") {
                node.manager.sinkConditions().first?.problem == nil
            }
        }
    }

    @Test func aStuckSinkDelaysNoTaskAndNoShutdown() async throws {
        let fixture = try DrainerFixture()
        let node = try fixture.node("one")
        node.sink.setStuck(true)
        var ended = ContinuousClock.now
        try await fixture.running([node]) {
            try await fixture.work(500, on: node)
            ended = .now
        }
        // The five-second grace period at shutdown, plus slack for a busy machine.
        #expect(ContinuousClock.now - ended < .seconds(60))
        #expect(node.sink.events.isEmpty)
    }

    @Test func aStoreFailureDoesNotRepeatDeliveredEvents() async throws {
        let fixture = try DrainerFixture()
        let node = try fixture.node("one")
        try await fixture.running([node]) {
            try await fixture.work(10, on: node)
            try await eventually("all is delivered") { Stories(node.sink.events).whole == 10 }
            node.store.fail(.acknowledge, times: 3)
            try await fixture.work(100, on: node)
            try await eventually("all is delivered and acknowledged") {
                let isWhole = Stories(node.sink.events).whole == 110
                let lag = try await node.manager.statistics().sinks.first?.lag
                return isWhole && lag == 0
            }
            #expect(firstDifference(node.sink.events.map(\.cursor.number), 1...330) == nil)
        }
    }

    @Test func aBrieflyLostLeaseRepeatsNothing() async throws {
        let fixture = try DrainerFixture()
        let node = try fixture.node("one")
        try await fixture.running([node]) {
            try await fixture.work(10, on: node)
            try await eventually("all is acknowledged") {
                try await node.manager.statistics().sinks.first?.cursor.number == 30
            }
            node.store.hold(.acknowledge)
            try await fixture.work(100, on: node)
            await node.store.waitForHeldCalls(of: .acknowledge)
            try await fixture.store.release(.sink(node.sink.name), by: "one")
            node.store.release(.acknowledge)
            try await eventually("all is acknowledged") {
                try await node.manager.statistics().sinks.first?.cursor.number == 330
            }
            #expect(firstDifference(node.sink.events.map(\.cursor.number), 1...330) == nil)
        }
    }

    @Test func droppedEventsAreCountedAndLogged() async throws {
        let fixture = try DrainerFixture(events: EventRetention(count: 100, age: .seconds(3600)))
        let node = try fixture.node("one")
        try await fixture.running([node]) {
            try await eventually("the sink is open") { node.sink.isOpen }
            node.sink.setDown(true)
            try await fixture.work(300, on: node)
            try await eventually("delivery was attempted") { node.sink.failures > 0 }
            try await eventually("the log drops events above its limit") {
                _ = try await fixture.store.prune(
                    Retention(age: .seconds(3600), count: 1_000_000), limit: 100)
                return try await fixture.store.events(after: .start, limit: 1, waiting: .zero).isReset
            }
            node.sink.setDown(false)
            try await eventually("the remaining events are delivered") {
                try await node.manager.statistics().sinks.first?.lag == 0
            }
            let report = try #require(try await node.manager.statistics().sinks.first)
            #expect(report.tally.lost > 0)
            #expect(report.tally.lost + Set(node.sink.events.map(\.cursor)).count == 900)
            let told =
                "Events lost: the event log overflowed or was replaced before the sink received them"
            #expect(node.log.all.contains("\(told) \(report.tally.lost)"))
        }
    }

    @Test func anotherNodeTakesOverWithinThreeHeartbeats() async throws {
        let fixture = try DrainerFixture()
        let (first, second) = (try fixture.node("first"), try fixture.node("second"))
        try await fixture.running([first, second]) {
            try await eventually("one of them drains") { first.sink.isOpen || second.sink.isOpen }
            let (victim, heir) = first.sink.isOpen ? (first, second) : (second, first)
            try await fixture.work(200, on: heir)
            #expect(!heir.sink.isOpen)
            let start = ContinuousClock.now
            victim.store.cutOff()
            try await eventually("the other one drains") { heir.sink.isOpen }
            // Three heartbeats, plus slack for a busy machine.
            #expect(ContinuousClock.now - start < DrainerFixture.heartbeat * 3 + .seconds(12))
            // The victim may still hold tasks, which other nodes finish after their leases expire.
            victim.store.heal()
            try await fixture.work(200, on: heir)
            try await eventually("nothing is missing") {
                Stories(fixture.deliveries.all).whole == 400
            }
            #expect(Stories(fixture.deliveries.all).broken.isEmpty)
        }
    }

    @Test func shutdownDeliversTheRestAndHandsOverImmediately() async throws {
        let fixture = try DrainerFixture()
        let (first, second) = (try fixture.node("first"), try fixture.node("second"))
        try await fixture.running([first, second]) {
            try await eventually("one of them drains") { first.sink.isOpen || second.sink.isOpen }
            let (leaving, heir) = first.sink.isOpen ? (first, second) : (second, first)
            try await fixture.work(100, on: heir)
            await leaving.group.triggerGracefulShutdown()
            try await eventually("the other one drains") { heir.sink.isOpen && !leaving.sink.isOpen }
            try await fixture.work(100, on: heir)
            try await eventually("nothing is missing") {
                Stories(fixture.deliveries.all).whole == 200
            }
        }
    }
}
