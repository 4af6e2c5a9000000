import Testing
import XQueueTesting

@testable import XQueueCore

@Suite("Async counter") struct AsyncCounterTests {
    @Test("An advance since the last read ends the wait immediately") func noGap() async {
        let counter = AsyncCounter()
        let seen = counter.value
        counter.advance()
        #expect(await counter.wait(past: seen))
        #expect(counter.value == 1)
    }

    @Test("Wakes exactly the waiters whose number was passed") func wakesThosePassed() async throws {
        let counter = AsyncCounter()
        let woken = Woken()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seen in [0, 0, 4] {
                group.addTask { if await counter.wait(past: seen) { woken.append(seen) } }
            }
            try await eventually("all wait") { counter.waiterCount == 3 }
            counter.advance(to: 4)
            try await eventually("two waiters wake") { woken.all.count == 2 }
            #expect(woken.all == [0, 0] && counter.waiterCount == 1)
            counter.advance(to: 2)
            #expect(counter.value == 4, "the counter never decreases")
            counter.advance()
            try await group.waitForAll()
        }
        #expect(woken.all == [0, 0, 4])
    }

    @Test("A wait ends when canceled or timed out") func ends() async throws {
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

    @Test("Closing ends all waits") func closing() async throws {
        let counter = AsyncCounter()
        let waiting = Task { await counter.wait(past: 7) }
        try await eventually("it waits") { counter.waiterCount == 1 }
        counter.close()
        #expect(await waiting.value)
        #expect(await counter.wait(past: .max))
    }
}
