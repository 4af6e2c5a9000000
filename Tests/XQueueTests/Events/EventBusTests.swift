import Testing
import XQueueCore
import XQueueStoreTesting
import XQueueTesting

@testable import XQueue

@Suite("The event bus", .timeLimit(.minutes(5))) struct EventBusTests {
    @Test("Without a subscriber it does not call the store") func idleWithoutSubscribers() async throws {
        let fixture = try BusFixture()
        try await fixture.submit(3)
        #expect(fixture.store.calls(of: .lastEvent) == 0)
        let listener = try fixture.subscribe()
        try await listener.waitForStart()
        listener.subscription?.cancel()
        let calls = { fixture.store.calls(of: .events) + fixture.store.calls(of: .lastEvent) }
        try await fixture.submit()
        let before = calls()
        // Each of these would have woken the reader.
        for _ in 0..<20 { try await fixture.submit() }
        #expect(calls() == before)
        #expect(fixture.bus.count == 0)
        #expect(listener.events.isEmpty)
    }

    @Test("One reader serves all, and every subscriber gets what comes after its start") func live()
        async throws
    {
        let fixture = try BusFixture()
        try await fixture.submit(2)
        let listeners = try (0..<20).map { _ in try fixture.subscribe() }
        for listener in listeners { try await listener.waitForStart() }
        let ids = try await fixture.submit(3)
        for listener in listeners { #expect(try await listener.wait(for: 3) == ids) }
        #expect(fixture.store.calls(of: .lastEvent) == 1)
        #expect(Set(listeners.flatMap(\.starts)).count == 1)
    }

    @Test("Earlier events are delivered, from the log and from memory") func resume() async throws {
        let fixture = try BusFixture { $0.page = 3 }
        let first = try await fixture.submit(10)
        let whole = try fixture.subscribe(after: .start)
        try await whole.wait(for: 10)
        let more = try await fixture.submit(10)
        #expect(try await whole.wait(for: 20) == first + more)
        // From a cursor whose events are in memory: without reading the log from its start again.
        let late = try fixture.subscribe(after: whole.events[14].cursor)
        #expect(try await late.wait(for: 5) == Array(more.suffix(5)))
        let last = try await fixture.submit()
        #expect(try await late.wait(for: 6) == more.suffix(5) + last)
    }

    @Test("Each filter, and several of them", arguments: 0..<7) func filters(which: Int) async throws {
        let fixture = try BusFixture()
        let (one, two) = (try await fixture.submit(type: "a")[0], try await fixture.submit(type: "b")[0])
        let cases: [([EventFilter], [TaskID])] = [
            ([.all], [one, two]), ([], []),
            ([EventFilter(taskIDs: [two])], [two]), ([EventFilter(types: ["a"])], [one]),
            ([EventFilter(taskIDs: [two], types: ["a"])], []),
            ([EventFilter(statuses: [.pending])], [one, two]),
            (
                [
                    EventFilter(taskIDs: [one]), EventFilter(types: ["a", "b"]),
                    EventFilter(statuses: [.failed]),
                ], [one, two]
            ),
        ]
        let (filters, expected) = cases[which]
        let mark = try await fixture.store.lastEvent()
        let earlier = try fixture.subscribe(filters, after: .start)
        let live = try fixture.subscribe(filters, after: mark)
        try await live.waitForStart()
        #expect(try await earlier.wait(for: expected.count) == expected)
        // The same tasks once more.
        _ = try await fixture.store.cancel([one], grace: .zero)
        _ = try await fixture.store.requeue([one])
        let end = try fixture.subscribe([EventFilter(taskIDs: [one])], after: .start)
        try await end.wait(for: 3)
        let wantsPending = filters.contains { $0.matches(end.events[2]) }
        if wantsPending {
            try await eventually("the live one has it") { live.events.last == end.events[2] }
        } else {
            #expect(live.events.isEmpty)
        }
    }

    @Test("Filters change while events flow") func changedFilters() async throws {
        let fixture = try BusFixture()
        let listener = try fixture.subscribe([EventFilter(types: ["a"])])
        let other = try fixture.subscribe()
        try await listener.waitForStart()
        try await fixture.submit(type: "b")
        let a = try await fixture.submit(type: "a")
        try await other.wait(for: 2)
        #expect(try await listener.wait(for: 1) == a)
        try listener.subscription?.setFilters([EventFilter(types: ["b"])])
        try await fixture.submit(type: "a")
        let b = try await fixture.submit(type: "b")
        #expect(try await listener.wait(for: 2) == a + b)
    }

    @Test("A subscriber that asks for pruned events gets a reset, and continues") func reset() async throws {
        let fixture = try BusFixture(retention: EventRetention(count: 10))
        for _ in 0..<40 { try await fixture.submit() }
        let listener = try fixture.subscribe(after: EventCursor(time: fixture.clock.now(), number: 2))
        try await eventually("it gets a reset") { !listener.resets.isEmpty }
        #expect(listener.resets.map(\.number) == [40])
        let next = try await fixture.submit()
        #expect(try await listener.wait(for: 1) == next)
    }

    @Test("A subscriber with a cursor of another log gets a rewind, and continues from its time")
    func rewound()
        async throws
    {
        let fixture = try BusFixture()
        let early = try await fixture.submit(3)
        fixture.clock.advance(by: .seconds(1))
        let lost = EventCursor(time: fixture.clock.now(), number: 5000)
        fixture.clock.advance(by: .seconds(1))
        let kept = try await fixture.submit(4)
        let listener = try fixture.subscribe(after: lost)
        #expect(try await listener.wait(for: 4) == kept)
        #expect(listener.rewinds.map(\.number) == [Int64(early.count)])
        #expect(listener.resets.isEmpty)
        let next = try await fixture.submit()
        #expect(try await listener.wait(for: 5) == kept + next)
    }

    @Test("A failing store delays events but loses none") func trouble() async throws {
        let fixture = try BusFixture { $0.page = 5 }
        let listener = try fixture.subscribe()
        try await listener.waitForStart()
        fixture.store.fail(.events, times: 4)
        let early = try fixture.subscribe(after: .start)
        let ids = try await fixture.submit(12)
        try await eventually("both have all") {
            fixture.clock.advance(by: .seconds(1))
            return listener.events.count == 12 && early.events.count == 12
        }
        #expect(listener.events.map(\.taskID) == ids)
        #expect(early.events.map(\.taskID) == ids)
        #expect(listener.resets.isEmpty)
    }

    @Test("A subscriber that takes no events is cut off; the others are not") func slow() async throws {
        let fixture = try BusFixture { limits in
            limits.events = 50
            limits.page = 5
            limits.ring = 20
        }
        let slow = try fixture.subscribe(consumes: false)
        let fast = try fixture.subscribe()
        try await slow.waitForStart()
        for _ in 0..<20 { try await fixture.submit(5) }
        try await fast.wait(for: 100)
        #expect(slow.end?.code == .slowConsumer)
        #expect(slow.events.count <= 100)
        #expect(slow.events == Array(fast.events.prefix(slow.events.count)))
        #expect(fixture.bus.count == 1)
    }

    @Test("A slightly slow subscriber continues at its own pace, with a bounded number of events at a time")
    func behind() async throws {
        let fixture = try BusFixture { $0.bytes = 10_000 }
        let slow = try fixture.subscribe(consumes: false)
        try await slow.waitForStart()
        let ids = try await fixture.submit(500)
        // One page is more than may be unconsumed.
        var taken = 0
        while taken < ids.count {
            try await eventually("there is more") { slow.events.count > taken }
            let new = slow.events[taken...].map { SharedEvent($0).cost }
            #expect(new.reduce(0, +) <= 10_000)
            taken += new.count
            slow.subscription?.consumed(new.count, cost: new.reduce(0, +))
        }
        #expect(slow.events.map(\.taskID) == ids)
        let last = try await fixture.submit()
        #expect(try await slow.wait(for: 501).suffix(1) == last)
        #expect(slow.end == nil && slow.resets.isEmpty)
    }

    @Test("A subscriber that catches up slowly is not cut off") func paced() async throws {
        let fixture = try BusFixture { limits in
            limits.events = 40
            limits.page = 20
        }
        let ids = try await fixture.submit(200)
        let listener = try fixture.subscribe(after: .start, consumes: false)
        try await listener.wait(for: 20)
        #expect(listener.events.count == 20)
        let cost = SharedEvent(listener.events[0]).cost
        for page in 1..<10 {
            listener.subscription?.consumed(20, cost: 20 * cost)
            try await listener.wait(for: 20 * (page + 1))
        }
        #expect(listener.events.map(\.taskID) == ids)
        #expect(listener.end == nil)
    }

    @Test("The number of subscribers is limited") func limit() async throws {
        let fixture = try BusFixture { $0.subscribers = 2 }
        let first = try fixture.subscribe()
        _ = try fixture.subscribe()
        let error = #expect(throws: QueueError.self) { try fixture.subscribe() }
        #expect(error?.code == .tooManySubscribers)
        first.subscription?.cancel()
        _ = try fixture.subscribe()
    }

    @Test("Stopping ends all subscriptions and rejects new ones") func stop() async throws {
        let fixture = try BusFixture()
        let listeners = try [fixture.subscribe(), fixture.subscribe(after: .start)]
        fixture.bus.stop()
        for listener in listeners { #expect(listener.end?.code == .stopped) }
        let error = #expect(throws: QueueError.self) { try fixture.subscribe() }
        #expect(error?.code == .stopped)
    }
}
