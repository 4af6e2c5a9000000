import XQueueCore

/// A schedule as this runtime reads it from a store's record, and writes it.
struct StoredSchedule: Sendable {
    /// How many runs are kept; of those that have not ended, more.
    private static let (keptRuns, openRuns) = (10, 100)
    private static let maxCount: Int64 = 1 << 53
    /// The years 1 to 9999, in milliseconds.
    private static let times: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    var schedule: Schedule
    /// What it submits, validated and with all defaults filled in.
    var definition: TaskDefinition
    var activity: ScheduleActivity
    var source = ScheduleSource.api
    /// The revision of the configuration file that owns it.
    var fileRevision = 0
    /// Counts its changes, except those by firing.
    var revision = 0
    /// Part of the identifiers of its tasks.
    var salt: UInt64 = 0
    /// The next tick, before jitter; nil for none.
    var nextTick: Timestamp?
    /// When to look again whether the waiting tick can be fired; not stored.
    var lookAt: Timestamp?
    /// The record's version; 0 before it is stored.
    var version = 0
    /// What it does in the change under way, for the event log; not stored.
    var events: [ScheduleEvent] = []

    /// A new schedule.
    init(_ schedule: Schedule, _ definition: TaskDefinition, createdAt: Timestamp, salt: UInt64) {
        self.schedule = schedule
        self.salt = salt
        self.definition = definition
        activity = ScheduleActivity(createdAt: createdAt.date)
    }

    /// Whether it has fired as often as it may.
    var isExhausted: Bool { schedule.maxRuns.map { activity.fired >= $0 } ?? false }

    /// Whether the task of an earlier tick has not ended.
    var isBusy: Bool { activity.runs.contains { !$0.isOver } }

    /// The identifier of a tick's task.
    func taskID(_ tick: Timestamp) -> TaskID {
        TaskID(schedule: schedule.name, salt: salt, tick: tick)
    }

    /// The task of a tick.
    func task(_ tick: Timestamp, after previous: Timestamp?, isLate: Bool) -> NewTask {
        var definition = definition
        definition.scheduled = ScheduledTick(
            schedule: schedule.name, tick: tick, previousTick: previous, isLate: isLate)
        return NewTask(id: taskID(tick), definition: definition, schedule: .now)
    }

    /// Notes what became of a tick.
    mutating func log(_ outcome: ScheduleChange.Outcome, _ tick: Timestamp, count: Int = 1) {
        events.append(
            ScheduleEvent(
                taskID: taskID(tick), type: definition.type,
                change: ScheduleChange(
                    schedule: schedule.name, outcome: outcome, tick: tick, count: count)))
    }

    /// Skips a tick.
    mutating func skip(_ tick: Timestamp) {
        activity.skipped += 1
        log(.skipped, tick)
    }

    /// Skips the tick that waits for the end of an earlier task, if there is one.
    mutating func dropWaitingTick() {
        guard let tick = activity.waitingTick else { return }
        activity.waitingTick = nil
        skip(Timestamp(tick))
    }

    /// Whether it matters what becomes of its tasks.
    var isJudged: Bool { schedule.overlap != .allow || schedule.pauseAfterFailures != nil }

    /// Notes that a tick's task is submitted.
    mutating func run(_ tick: Timestamp, _ id: TaskID) {
        activity.fired += 1
        activity.runs.append(ScheduleRun(tick: tick.date, taskID: id, status: .pending))
        while activity.runs.count > Self.keptRuns {
            let ended = activity.runs.firstIndex(where: \.isOver)
            // What has not ended is still to be judged.
            guard !isJudged || ended != nil || activity.runs.count > Self.openRuns else { return }
            activity.runs.remove(at: isJudged ? ended ?? 0 : 0)
        }
    }

    /// Looks what has become of the tasks that had not ended, and counts failures in a row.
    mutating func judge(_ task: (TaskID) async throws(StoreError) -> TaskRecord?) async throws(StoreError) {
        for index in activity.runs.indices where !activity.runs[index].isOver {
            let status = try await task(activity.runs[index].taskID)?.status
            activity.runs[index].status = status
            switch status {
            case .success: activity.failures = 0
            case .failed, .timeout: activity.failures += 1
            case .canceled, .pending, .processing, nil: break
            }
        }
    }
}

// MARK: - Records

extension StoredSchedule {
    /// - Throws: The error of a damaged store if the record is not a schedule, or one of a newer version.
    init(_ record: ScheduleRecord) throws(QueueError) {
        do throws(QueueError) {
            try self.init(parsing: record)
        } catch {
            throw QueueError(
                StoreError(.corrupt, "the schedule \(record.name) cannot be read: \(error.message)"))
        }
    }

    private init(parsing record: ScheduleRecord) throws(QueueError) {
        schedule = try ScheduleReader.schedule(record.definition.text, name: record.name)
        // What was filled in then is given now, so no default applies.
        definition = try schedule.task.validated(defaults: SubmissionDefaults()) { TaskID(high: 0, low: 0) }
            .definition
        activity = ScheduleActivity(createdAt: Timestamp(milliseconds: 0).date)
        version = record.version
        try readState(record.state)
    }

    private mutating func readState(_ state: RawJSON) throws(QueueError) {
        // Bounded, since they are added to.
        func time(_ value: RawJSON) -> Timestamp? {
            value.integer.map {
                Timestamp(milliseconds: min(max($0, Self.times.lowerBound), Self.times.upperBound))
            }
        }
        for member in try FieldReader.members(of: state.text) ?? [] {
            let count = Int(min(max(member.value.integer ?? 0, 0), Self.maxCount))
            switch member.name {
            case "created_at": activity.createdAt = (time(member.value) ?? Timestamp(milliseconds: 0)).date
            case "revision": revision = count
            case "salt": salt = member.value.string.flatMap { UInt64($0) } ?? 0
            case "source": source = member.value.string.flatMap { ScheduleSource(rawValue: $0) } ?? .api
            case "file_revision": fileRevision = count
            case "next_tick": nextTick = time(member.value)
            case "waiting_tick": activity.waitingTick = time(member.value)?.date
            case "runs": activity.runs = ScheduleRun.read(member.value)
            case "failures": activity.failures = count
            case "fired": activity.fired = count
            case "late": activity.late = count
            case "skipped": activity.skipped = count
            case "missed": activity.missed = count
            case "paused": activity.pauseReason = member.value.string
            default: break
            }
        }
    }

    /// The record to store.
    var record: ScheduleRecord {
        ScheduleRecord(
            name: schedule.name, version: version, dueAt: dueAt,
            definition: ScheduleJSON.object(schedule, definition), state: RawJSON(trusted: stateText))
    }

    private var dueAt: Timestamp? {
        if activity.pauseReason != nil { return nil }
        let next = nextTick.map { $0 + schedule.delay }
        guard let waiting = activity.waitingTick else { return next }
        let look = lookAt ?? Timestamp(waiting)
        return next.map { min($0, look) } ?? look
    }

    private var stateText: String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("created_at", Timestamp(activity.createdAt).milliseconds)
            writer.member("revision", revision)
            writer.member("salt", "\(salt)")
            if source == .file {
                writer.member("source", source.rawValue)
                writer.member("file_revision", fileRevision)
            }
            if let nextTick { writer.member("next_tick", nextTick.milliseconds) }
            if let tick = activity.waitingTick { writer.member("waiting_tick", Timestamp(tick).milliseconds) }
            writer.name("runs")
            writer.array(activity.runs) { writer, run in run.write(to: &writer) }
            writer.member("failures", activity.failures)
            writer.member("fired", activity.fired)
            writer.member("late", activity.late)
            writer.member("skipped", activity.skipped)
            writer.member("missed", activity.missed)
            if let reason = activity.pauseReason { writer.member("paused", reason) }
        }
        return writer.text
    }

    var report: ScheduleReport {
        ScheduleReport(
            schedule: schedule, version: revision, source: source,
            nextAt: activity.pauseReason == nil ? nextTick?.date : nil, activity: activity,
            definition: definition)
    }
}

extension ScheduleRun {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("tick", Timestamp(tick).milliseconds)
            writer.member("task", taskID.description)
            writer.member("status", status?.rawValue)
        }
    }

    /// Reads runs; one that cannot be read is left out.
    fileprivate static func read(_ value: RawJSON) -> [ScheduleRun] {
        ((try? value.elements()) ?? []).compactMap { element in
            let members = (try? element.members()) ?? []
            func value(_ name: String) -> RawJSON? { members.first { $0.name == name }?.value }
            guard let tick = value("tick")?.integer, let id = value("task")?.string.flatMap({ TaskID($0) })
            else { return nil }
            let status = value("status")?.string.flatMap { TaskStatus(rawValue: $0) }
            return ScheduleRun(tick: Timestamp(milliseconds: tick).date, taskID: id, status: status)
        }
    }
}
