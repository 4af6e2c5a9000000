import Testing
import XQueueCore

@testable import XQueue

/// Which ticks of a schedule that is due are fired, and which are missed. All of them tick every minute.
@Suite("Steps of schedules") struct ScheduleStepTests {
    /// A minute on the clock's first day.
    private static func minute(_ number: Int) -> Timestamp {
        Timestamp(milliseconds: 1_767_225_600_000) + .seconds(60 * number)
    }

    /// The step of a schedule that is looked at so many seconds after minute 10, which was its first tick since.
    private static func step(
        after seconds: Int, _ configure: (inout Schedule) -> Void = { _ in }
    ) throws -> ScheduleStep {
        var schedule = Schedule("a", ScheduleTiming(.every(.seconds(60))), TaskSubmission(type: "t"))
        configure(&schedule)
        let ticks = try ScheduleTicks(schedule.timing, name: schedule.name)
        return ScheduleStep(schedule, ticks, first: minute(10), now: minute(10) + .seconds(seconds))
    }

    private static func minutes(_ numbers: ClosedRange<Int>) -> [Timestamp] { numbers.map { minute($0) } }

    @Test("A tick in time is fired alone") func onTime() throws {
        for seconds in [0, 1, 59] {
            let step = try Self.step(after: seconds)
            #expect(step.fired == [Self.minute(10)] && step.missed == 0 && step.next == Self.minute(11))
        }
    }

    @Test("Before its time nothing happens") func early() throws {
        let step = try Self.step(after: -1)
        #expect(step.fired.isEmpty && step.missed == 0 && step.next == Self.minute(10))
    }

    @Test("Jitter delays a tick, and does not make it late") func jitter() throws {
        var schedule = Schedule("a", ScheduleTiming(.every(.seconds(60))), TaskSubmission(type: "t"))
        schedule.jitter = .seconds(3600)
        let ticks = try ScheduleTicks(schedule.timing, name: schedule.name)
        let delay = schedule.delay
        #expect(.zero...Duration.seconds(3600) ~= delay && delay != .zero)
        let before = ScheduleStep(
            schedule, ticks, first: Self.minute(10), now: Self.minute(10) + delay + .milliseconds(-1))
        #expect(before.fired.isEmpty)
        let then = ScheduleStep(schedule, ticks, first: Self.minute(10), now: Self.minute(10) + delay)
        #expect(then.fired == [Self.minute(10)] && then.missed == 0)
    }

    @Test("After an hour, `last` fires the last tick only") func last() throws {
        let step = try Self.step(after: 3600)
        // Minutes 69 and 70 are on time.
        #expect(step.fired == Self.minutes(69...70) && step.missed == 59 && step.next == Self.minute(71))
    }

    @Test("`last` fires a late tick if none is on time") func lastOfADay() throws {
        let step = try Self.step(after: 7200) {
            $0.timing = ScheduleTiming(.every(.seconds(3600), offset: .seconds(600)))
        }
        #expect(step.fired == [Self.minute(130)] && step.missed == 2 && step.next == Self.minute(190))
        let late = try Self.step(after: 7200 + 600) {
            $0.timing = ScheduleTiming(.every(.seconds(3600), offset: .seconds(600)))
        }
        #expect(late.fired == [Self.minute(130)] && late.missed == 2 && late.next == Self.minute(190))
    }

    @Test("`none` fires only what is on time") func none() throws {
        let late = try Self.step(after: 7200 + 600) {
            $0.timing = ScheduleTiming(.every(.seconds(3600), offset: .seconds(600)))
            $0.catchUp = .none
        }
        #expect(late.fired.isEmpty && late.missed == 3 && late.next == Self.minute(190))
    }

    @Test("`all` fires all, a hundred at a time") func all() throws {
        var schedule = Schedule("a", ScheduleTiming(.every(.seconds(60))), TaskSubmission(type: "t"))
        schedule.catchUp = .all
        let ticks = try ScheduleTicks(schedule.timing, name: schedule.name)
        var fired: [Timestamp] = []
        var next: Timestamp? = Self.minute(10)
        var steps = 0
        while let first = next, first <= Self.minute(260) {
            let step = ScheduleStep(schedule, ticks, first: first, now: Self.minute(260))
            #expect(step.missed == 0 && step.fired.count <= ScheduleStep.maxTicks)
            fired += step.fired
            next = step.next
            steps += 1
        }
        #expect(fired == Self.minutes(10...260) && steps == 3)
    }

    @Test("What is older than the window is not caught up with", arguments: Schedule.CatchUp.allCases)
    func window(catchUp: Schedule.CatchUp) throws {
        let step = try Self.step(after: 3600) {
            $0.catchUp = catchUp
            $0.catchUpWindow = .seconds(600)
        }
        switch catchUp {
        case .all: #expect(step.fired == Self.minutes(60...70) && step.missed == 50)
        case .last, .none: #expect(step.fired == Self.minutes(69...70) && step.missed == 59)
        }
    }

    @Test("`all` catches up with a thousand at most") func bounded() throws {
        var schedule = Schedule("a", ScheduleTiming(.every(.seconds(1))), TaskSubmission(type: "t"))
        schedule.catchUp = .all
        let ticks = try ScheduleTicks(schedule.timing, name: schedule.name)
        let now = Self.minute(10) + .seconds(20_000)
        var (fired, missed) = (0, 0)
        var next: Timestamp? = Self.minute(10)
        while let first = next, first <= now {
            let step = ScheduleStep(schedule, ticks, first: first, now: now)
            fired += step.fired.count
            missed += step.missed
            next = step.next
        }
        // Of the rest, at least so many are counted.
        #expect(missed >= 10_000)
        #expect(ScheduleStep.maxCaughtUp...ScheduleStep.maxCaughtUp + 61 ~= fired, "\(fired)")
    }

    @Test("After years, a look stays short") func years() throws {
        let clock = ContinuousClock.now
        for catchUp in Schedule.CatchUp.allCases {
            let step = try Self.step(after: 20 * 365 * 86_400) {
                $0.timing = ScheduleTiming(.every(.seconds(1)))
                $0.catchUp = catchUp
                $0.catchUpWindow = .seconds(315_360_000)
            }
            #expect(step.missed > 0)
        }
        #expect(ContinuousClock.now - clock < .seconds(60))
    }

    @Test("Of very many ticks, irregular ones, the newest is found") func irregular() throws {
        var schedule = Schedule("a", ScheduleTiming(.cron("* * 0-3 * * *")), TaskSubmission(type: "t"))
        let ticks = try ScheduleTicks(schedule.timing, name: schedule.name)
        let (midnight, evening) = (Self.minute(0), Self.minute(20 * 60))
        let last = ScheduleStep(schedule, ticks, first: midnight, now: evening)
        #expect(last.fired == [Self.minute(4 * 60) + .seconds(-1)])
        #expect(last.next == Self.minute(24 * 60) && 10_000...14_399 ~= last.missed)
        schedule.catchUp = .all
        var fired: [Timestamp] = []
        var next: Timestamp? = midnight
        while let first = next, first <= evening {
            let step = ScheduleStep(schedule, ticks, first: first, now: evening)
            fired += step.fired
            next = step.next
        }
        #expect(fired == (0..<1000).map { Self.minute(4 * 60) + .seconds($0 - 1000) })
    }

    @Test("Nothing is fired from the end on, however late the look", arguments: Schedule.CatchUp.allCases)
    func end(catchUp: Schedule.CatchUp) throws {
        let step = try Self.step(after: 7200) {
            $0.endsAt = Self.minute(13).date
            $0.catchUp = catchUp
        }
        let expected: [Timestamp] =
            switch catchUp {
            case .all: Self.minutes(10...12)
            case .last: [Self.minute(12)]
            case .none: []
            }
        #expect(step.fired == expected && step.missed == 3 - expected.count && step.next == nil)
    }
}
