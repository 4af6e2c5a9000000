import Testing
import XQueue

@testable import XQueueHandlers

@Suite struct StopPatienceTests {
    /// Returns whether there is time left at each of several moments, given in milliseconds with the stop reason.
    private func answers(
        grace: Duration, stopPeriod: Duration = .seconds(5), _ questions: (Int, StopReason)...
    ) -> [Bool] {
        var patience = StopPatience(grace: grace)
        return questions.map { time, reason in
            patience.hasTime(
                after: .milliseconds(time), reason, grace: reason == .shutdown ? stopPeriod : grace)
        }
    }

    @Test func aCancelGivesTheGracePeriodAndALittleLess() {
        #expect(
            answers(grace: .seconds(30), (0, .canceled), (29_000, .canceled), (29_500, .canceled))
                == [true, true, false])
        #expect(answers(grace: .seconds(1), (899, .timedOut), (900, .timedOut)) == [true, false])
        #expect(answers(grace: .zero, (0, .timedOut)) == [false])
    }

    @Test func aShutdownGivesTheStopPeriod() {
        #expect(
            answers(grace: .zero, (0, .shutdown), (4000, .shutdown), (4500, .shutdown)) == [
                true, true, false,
            ])
    }

    @Test func aShutdownCutsTheGracePeriodShort() {
        #expect(
            answers(
                grace: .seconds(30), (10_000, .canceled), (11_000, .shutdown), (15_000, .shutdown),
                (15_500, .shutdown)) == [true, true, true, false])
        #expect(answers(grace: .seconds(30), (28_000, .shutdown), (29_500, .shutdown)) == [true, false])
    }
}
