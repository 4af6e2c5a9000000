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
    }

    @Test func settingTheWallClockDoesNotAffectSleepers() async throws {
        let start = clock.instant()
        async let sleeper: Void = clock.sleep(for: .seconds(2))
        await clock.waitForSleepers()
        clock.set(to: Timestamp(milliseconds: 3))
        #expect(clock.now() == Timestamp(milliseconds: 3))
        clock.step(by: .seconds(3600))
        #expect(clock.now() == Timestamp(milliseconds: 3_600_003))
        #expect(clock.instant() == start)
        #expect(clock.sleeperCount == 1)
        clock.step(by: .seconds(-7200))
        clock.advance(by: .seconds(2))
        try await sleeper
        #expect(clock.instant() - start == .seconds(2))
    }

    @Test func wakesSleepersAtTheirDeadlines() async throws {
        let start = clock.instant()
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

    @Test func doesNotSleepForPastDeadlines() async throws {
        try await clock.sleep(until: clock.instant())
        try await clock.sleep(until: MonotonicInstant(nanoseconds: -1))
        #expect(clock.sleeperCount == 0)
    }

    @Test func aCanceledSleeperIsWoken() async {
        let sleeper = Task { [clock] in try await clock.sleep(for: .seconds(1)) }
        await clock.waitForSleepers()
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(clock.sleeperCount == 0)
        let late = Task { [clock] in
            withUnsafeCurrentTask { $0?.cancel() }
            try await clock.sleep(for: .seconds(1))
        }
        await #expect(throws: CancellationError.self) { try await late.value }
    }
}
