import Testing
import XQueueCore
import XQueueTesting

@Suite("Manual clock")
struct ManualClockTests {
    private let clock = ManualClock(Timestamp(milliseconds: 1000))

    @Test func standsStillUntilItIsMoved() {
        #expect(clock.now() == Timestamp(milliseconds: 1000))
        clock.advance(by: .milliseconds(5))
        #expect(clock.now() == Timestamp(milliseconds: 1005))
        clock.set(to: Timestamp(milliseconds: 3))
        #expect(clock.now() == Timestamp(milliseconds: 3))
    }

    @Test func wakesSleepersWhenTheirTimeHasCome() async throws {
        let start = clock.now()
        async let early: Void = clock.sleep(until: start + .seconds(1))
        async let late: Void = clock.sleep(until: start + .seconds(2))
        await clock.waitForSleepers(2)
        #expect(clock.nextDeadline == start + .seconds(1))
        clock.advance(by: .milliseconds(999))
        #expect(clock.sleeperCount == 2)
        clock.advance(by: .milliseconds(1))
        #expect(clock.sleeperCount == 1)
        try await early
        clock.advance(by: .seconds(5))
        try await late
        #expect(clock.nextDeadline == nil)
    }

    @Test func doesNotSleepUntilThePast() async throws {
        try await clock.sleep(until: clock.now())
        try await clock.sleep(until: Timestamp(milliseconds: -1))
        #expect(clock.sleeperCount == 0)
    }

    @Test func aCanceledSleeperIsWoken() async {
        let sleeper = Task { [clock] in try await clock.sleep(until: clock.now() + .seconds(1)) }
        await clock.waitForSleepers()
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(clock.sleeperCount == 0)
        let late = Task { [clock] in
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(until: clock.now() + .seconds(1))
        }
        await #expect(throws: CancellationError.self) { try await late.value }
    }
}
