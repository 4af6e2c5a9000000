import Testing
import XQueueTesting

@testable import XQueueCore

@Suite("Auto-reset event") struct AsyncEventTests {
    @Test("Signals without a waiter count as one, which one wait consumes")
    func signalsAreOne() async {
        let event = AsyncEvent()
        event.signal()
        event.signal()
        #expect(await event.wait())
        #expect(await !event.wait(atMost: .milliseconds(1)))
    }

    @Test("A signal wakes only the longest waiter")
    func wakesOneInOrder() async throws {
        let event = AsyncEvent()
        let woken = Woken()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...3 {
                group.addTask { if await event.wait() { woken.append(number) } }
                try await eventually("it waits") { event.waiterCount == number }
            }
            for number in 1...3 {
                event.signal()
                try await eventually("it wakes") { woken.all.count == number }
                #expect(woken.all == Array(1...number) && event.waiterCount == 3 - number)
            }
            try await group.waitForAll()
        }
    }

    @Test("A canceled wait ends immediately and leaves the signal for the next one")
    func cancellation() async throws {
        let event = AsyncEvent()
        let waiting = Task { await event.wait() }
        try await eventually("it waits") { event.waiterCount == 1 }
        waiting.cancel()
        #expect(await !waiting.value)
        #expect(event.waiterCount == 0)
        event.signal()
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await event.wait()
        }
        #expect(await !late.value)
        #expect(await event.wait())
    }

    @Test("A wait and its timer end at the deadline") func deadline() async throws {
        let event = AsyncEvent()
        let clock = ManualClock()
        let deadline = clock.instant() + .seconds(5)
        let waiting = Task { await event.wait(until: deadline, clock: clock) }
        await clock.waitForSleepers(1)
        clock.advance(by: .seconds(5))
        #expect(await !waiting.value)
        let signaled = Task { await event.wait(until: deadline + .seconds(5), clock: clock) }
        await clock.waitForSleepers(1)
        event.signal()
        #expect(await signaled.value)
        try await eventually("nothing sleeps") { clock.sleeperCount == 0 }
        #expect(await !event.wait(atMost: .milliseconds(1)), "an old timer does not signal")
    }
}
