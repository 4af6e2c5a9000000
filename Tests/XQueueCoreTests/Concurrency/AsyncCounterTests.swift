import Testing
import XQueueTesting

@testable import XQueueCore

@Suite("A counter to wait for") struct AsyncCounterTests {
    @Test("What came since the look ends the wait at once") func noGap() async {
        let counter = AsyncCounter()
        let seen = counter.value
        counter.advance()
        #expect(await counter.wait(past: seen))
        #expect(counter.value == 1)
    }

    @Test("Wakes all whose number is passed, and nobody else") func wakesThosePassed() async throws {
        let counter = AsyncCounter()
        let woken = Woken()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seen in [0, 0, 4] {
                group.addTask { if await counter.wait(past: seen) { woken.append(seen) } }
            }
            try await eventually("all wait") { counter.waiterCount == 3 }
            counter.advance(to: 4)
            try await eventually("two are woken") { woken.all.count == 2 }
            #expect(woken.all == [0, 0] && counter.waiterCount == 1)
            counter.advance(to: 2)
            #expect(counter.value == 4, "it never falls")
            counter.advance()
            try await group.waitForAll()
        }
        #expect(woken.all == [0, 0, 4])
    }

    @Test("A canceled wait ends, and one whose time is up") func ends() async throws {
        let counter = AsyncCounter()
        let clock = ManualClock()
        let waiting = Task { await counter.wait(past: 0) }
        try await eventually("it waits") { counter.waiterCount == 1 }
        waiting.cancel()
        #expect(await !waiting.value)
        let deadline = clock.instant() + .seconds(1)
        let late = Task { await counter.wait(past: 0, until: deadline, clock: clock) }
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(1))
        #expect(await !late.value)
        #expect(await !counter.wait(past: 0, atMost: .milliseconds(1)))
        #expect(counter.waiterCount == 0)
    }

    @Test("Once closed, nobody waits") func closing() async throws {
        let counter = AsyncCounter()
        let waiting = Task { await counter.wait(past: 7) }
        try await eventually("it waits") { counter.waiterCount == 1 }
        counter.close()
        #expect(await waiting.value)
        #expect(await counter.wait(past: .max))
    }
}
