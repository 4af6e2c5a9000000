import Testing
import XQueueCore
import XQueueTesting

@testable import XQueue

@Suite("Timer of lease polls") struct PollTimerTests {
    private let clock = ManualClock()
    private let timer: PollTimer

    init() {
        timer = PollTimer(clock)
    }

    private func poll(_ number: Int, for time: Duration) -> LeasePoll {
        let poll = LeasePoll()
        timer.add(poll, number, until: clock.instant() + time)
        return poll
    }

    private func isWaiting(_ poll: LeasePoll) -> Bool {
        poll.beginClaim() && poll.claimFoundNothing()
    }

    @Test("Each poll ends at its own time, whatever the order in which they came") func times() async throws {
        let late = poll(1, for: .seconds(30))
        await clock.waitForSleepers(1)
        let early = poll(2, for: .seconds(5))
        let later = poll(3, for: .seconds(60))
        clock.advance(by: .seconds(6))
        #expect(try await early.wait().get().tasks.isEmpty)
        #expect(isWaiting(late) && isWaiting(later))
        clock.advance(by: .seconds(25))
        #expect(try await late.wait().get().tasks.isEmpty)
        #expect(isWaiting(later))
        timer.stop()
        #expect(try await later.wait().get().tasks.isEmpty)
    }

    @Test("A poll that was removed is left alone, and later ones still end") func removed() async throws {
        let removed = poll(1, for: .seconds(5))
        timer.remove(1)
        clock.advance(by: .seconds(6))
        let next = poll(2, for: .seconds(5))
        #expect(isWaiting(removed) && isWaiting(next))
        clock.advance(by: .seconds(6))
        #expect(try await next.wait().get().tasks.isEmpty)
        #expect(isWaiting(removed))
    }
}
