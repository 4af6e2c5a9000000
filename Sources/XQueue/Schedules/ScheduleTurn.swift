import XQueueCore

/// One look at a schedule that is due: which of its ticks are fired, skipped, missed, or wait.
struct ScheduleTurn {
    /// How long a tick waits before the next look whether the earlier task has ended.
    static let lookAgain = Duration.seconds(1)

    private(set) var stored: StoredSchedule
    /// The tasks of the ticks that are fired.
    private(set) var tasks: [NewTask] = []
    private let ticks: ScheduleTicks
    private let now: Timestamp
    private let step: ScheduleStep

    /// - Parameters:
    ///   - stored: The schedule, with what has become of its tasks.
    ///   - ticks: Its ticks.
    ///   - now: The time by the store's clock.
    ///   - limit: Maximum number of ticks to fire.
    init(_ stored: StoredSchedule, _ ticks: ScheduleTicks, now: Timestamp, limit: Int = ScheduleStep.maxTicks)
    {
        self.stored = stored
        self.ticks = ticks
        self.now = now
        step = ScheduleStep(stored.schedule, ticks, first: stored.nextTick, now: now, limit: limit)
    }

    /// The tasks to cancel before, since a newer tick takes their place.
    var outdated: [TaskID] {
        guard stored.schedule.overlap == .cancelRunning,
            !step.fired.isEmpty || stored.activity.waitingTick != nil
        else { return [] }
        return stored.activity.runs.filter { !$0.isOver }.map(\.taskID)
    }

    /// Pauses the schedule if too many of its tasks have failed in a row. Returns whether it did.
    mutating func pauseIfFailing() -> Bool {
        guard let limit = stored.schedule.pauseAfterFailures, stored.activity.failures >= limit else {
            return false
        }
        stored.revision += 1
        stored.activity.pauseReason = "paused after \(stored.activity.failures) failed tasks in a row"
        stored.dropWaitingTick()
        stored.log(.paused, stored.nextTick ?? now)
        return true
    }

    /// Decides about all ticks that have come.
    ///
    /// - Parameter judged: The schedule, looked at once more if some tasks were canceled.
    mutating func take(_ judged: StoredSchedule) {
        stored.activity = judged.activity
        if step.missed > 0, let first = stored.nextTick {
            stored.activity.missed += step.missed
            stored.log(.missed, first, count: step.missed)
        }
        // A newer tick takes its place.
        if stored.schedule.overlap == .cancelRunning, !step.fired.isEmpty { stored.dropWaitingTick() }
        if let waiting = stored.activity.waitingTick, !stored.isBusy || stored.schedule.overlap == .allow,
            !stored.isExhausted
        {
            stored.activity.waitingTick = nil
            fire(Timestamp(waiting))
        }
        for tick in step.fired where !stored.isExhausted {
            let isLast = tick == step.fired.last
            switch stored.schedule.overlap {
            case .allow: fire(tick)
            case _ where !stored.isBusy && (stored.schedule.overlap != .cancelRunning || isLast): fire(tick)
            case .skip: stored.skip(tick)
            case .queue:
                if stored.activity.waitingTick == nil {
                    stored.activity.waitingTick = tick.date
                } else {
                    stored.skip(tick)
                }
            case .cancelRunning:
                guard isLast else {
                    stored.skip(tick)
                    continue
                }
                stored.activity.waitingTick = tick.date
            }
        }
        stored.nextTick = step.next
        if stored.isExhausted {
            stored.nextTick = nil
            stored.dropWaitingTick()
        }
        if stored.activity.waitingTick != nil { stored.lookAt = now + Self.lookAgain }
    }

    private mutating func fire(_ tick: Timestamp) {
        let isLate = now - tick > ScheduleStep.punctuality + stored.schedule.delay
        let previous = stored.activity.runs.last.map { Timestamp($0.tick) }
        let task = stored.task(tick, after: previous, isLate: isLate)
        tasks.append(task)
        stored.run(tick, task.id)
        if isLate { stored.activity.late += 1 }
        stored.log(isLate ? .late : .fired, tick)
    }
}
