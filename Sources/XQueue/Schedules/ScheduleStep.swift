import XQueueCore
import XQueueCron

/// What to do about the ticks of a schedule that have come.
struct ScheduleStep: Equatable {
    /// A tick that is this much late or less is on time: another node may have had to take over.
    static let punctuality = Duration.seconds(60)
    /// Maximum number of ticks of one step.
    static let maxTicks = 100
    /// Maximum number of ticks that ``Schedule/CatchUp/all`` catches up with: the newest ones.
    static let maxCaughtUp = 1000
    /// How many missed ticks are counted; of more, only these.
    private static let maxCounted = 10_000

    /// The ticks to fire, ascending.
    var fired: [Timestamp] = []
    var missed = 0
    /// The tick after these; nil for none.
    var next: Timestamp?

    /// - Parameters:
    ///   - schedule: The schedule.
    ///   - ticks: Its ticks.
    ///   - first: The tick after the last one; nil for none.
    ///   - now: The time by the store's clock.
    ///   - limit: Maximum number of ticks to fire.
    init(
        _ schedule: Schedule, _ ticks: ScheduleTicks, first: Timestamp?, now: Timestamp, limit: Int = maxTicks
    ) {
        next = first.flatMap { schedule.isOver(at: $0) ? nil : $0 }
        let following = { (tick: Timestamp) in
            ticks.next(after: tick).flatMap { schedule.isOver(at: $0) ? nil : $0 }
        }
        let last = now + (.zero - schedule.delay)
        let onTime = last + (.zero - Self.punctuality)
        let oldest = last + (.zero - max(schedule.catchUpWindow, Self.punctuality))
        missed = pass(until: min(oldest, onTime), keeping: 0, following).passed
        let late = pass(
            until: onTime, keeping: schedule.catchUp == .all ? Self.maxCaughtUp : 1, following)
        if schedule.catchUp == .all {
            // The rest comes with the next step.
            fired = Array(late.kept.prefix(limit))
            missed += late.passed - late.kept.count
            if late.kept.count > limit {
                next = late.kept[limit]
                return
            }
        }
        while let tick = next, tick <= last, fired.count < limit {
            fired.append(tick)
            next = following(tick)
        }
        guard schedule.catchUp != .all else { return }
        missed += late.passed
        // One that is on time is as good.
        guard schedule.catchUp == .last, fired.isEmpty, let newest = late.kept.last else { return }
        fired = [newest]
        missed -= 1
    }

    /// Passes the ticks before `end`. Returns how many were passed, and the newest of them.
    private mutating func pass(
        until end: Timestamp, keeping count: Int, _ following: (Timestamp) -> Timestamp?
    ) -> (passed: Int, kept: [Timestamp]) {
        var passed: [Timestamp] = []
        while let tick = next, tick < end, passed.count < Self.maxCounted {
            passed.append(tick)
            next = following(tick)
        }
        guard let here = next, here < end else { return (passed.count, passed.suffix(count)) }
        // Too many to pass one by one: finds the last ones by bisection.
        let kept = Self.newest(count, from: here, until: end, following)
        next = following(kept.last ?? end + .milliseconds(-1))
        return (passed.count + kept.count, kept)
    }

    /// The newest ticks from `start`, which is one, until before `end`; at most `count`.
    private static func newest(
        _ count: Int, from start: Timestamp, until end: Timestamp, _ following: (Timestamp) -> Timestamp?
    ) -> [Timestamp] {
        guard count > 0 else { return [] }
        /// The ticks after a time, one more than wanted if there are that many.
        func ticks(after time: Timestamp) -> [Timestamp] {
            var ticks: [Timestamp] = []
            var time = time
            while ticks.count <= count, let tick = following(time), tick < end {
                ticks.append(tick)
                time = tick
            }
            return ticks
        }
        // After `low` there are too many, after `high` there are not.
        var low = start.milliseconds / 1000 - 1
        var high = end.milliseconds / 1000
        var found = ticks(after: Timestamp(milliseconds: low * 1000))
        guard found.count > count else { return found }
        found = []
        while high - low > 1 {
            let middle = low + (high - low) / 2
            let some = ticks(after: Timestamp(milliseconds: middle * 1000))
            if some.count > count {
                low = middle
            } else {
                (high, found) = (middle, some)
            }
        }
        return found
    }
}

extension Schedule {
    /// How much later than its ticks it fires.
    var delay: Duration {
        let range = jitter.wholeMilliseconds
        guard range > 0 else { return .zero }
        return .milliseconds(Int64(StableHash.hash(name, "jitter") % UInt64(range + 1)))
    }
}

extension TaskID {
    /// Derives the identifier of a tick's task: the tick's time, and 62 bits of a hash of schedule and tick. So a tick is
    /// fired once, whoever does it and however often.
    ///
    /// - Parameters:
    ///   - schedule: The schedule's name.
    ///   - salt: Drawn when it was made: one that is made anew under the same name is another one, and nobody can guess the
    ///     identifier of a tick to come.
    ///   - tick: The tick.
    init(schedule: String, salt: UInt64, tick: Timestamp) {
        let base = TaskID.lowest(at: tick)
        let hash = StableHash.hash(schedule, "\(salt)", "\(tick.milliseconds)")
        self.init(high: base.high, low: base.low | hash & 0x3FFF_FFFF_FFFF_FFFF)
    }
}
