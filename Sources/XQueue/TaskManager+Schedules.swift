import XQueueCore

#if canImport(FoundationEssentials)
public import FoundationEssentials
#else
public import Foundation
#endif

/// Recurring tasks.
extension TaskManager {
    /// Makes a schedule, or replaces the one of its name; what that has counted stays.
    ///
    /// One that is new, or whose times are changed, fires from now on and never catches up.
    ///
    /// - Parameters:
    ///   - schedule: The schedule.
    ///   - version: The version it must have at present, 0 for none; nil for any.
    /// - Returns: The schedule, and whether it is new.
    /// - Throws: ``QueueError/Code/invalidField`` with the field, ``QueueError/Code/versionConflict``, or
    ///   ``QueueError/Code/ownedByFile``.
    @discardableResult
    public func setSchedule(
        _ schedule: Schedule, version: Int? = nil
    ) async throws(QueueError) -> (report: ScheduleReport, isNew: Bool) {
        let definition = try checked(schedule)
        await storeTime.prepare(waits: true)
        return try await schedules.set(schedule, definition, version: version, owner: .api)
    }

    /// The schedule; nil if there is none of that name.
    ///
    /// - Throws: ``QueueError/Code/storeUnavailable``.
    public func schedule(_ name: String) async throws(QueueError) -> ScheduleReport? {
        try await schedules.report(name)
    }

    /// Up to `limit` schedules in the order of their names, from the first after `name` on.
    ///
    /// - Parameters:
    ///   - name: The name after which to begin; nil for the first one.
    ///   - limit: 1 to 1,000.
    /// - Throws: ``QueueError/Code/invalidField``, or ``QueueError/Code/storeUnavailable``.
    public func schedules(after name: String? = nil, limit: Int = 100) async throws(QueueError)
        -> [ScheduleReport]
    {
        guard 1...1000 ~= limit else { throw .invalid("limit", "must be from 1 to 1000") }
        var found: [ScheduleReport] = []
        var last = name
        while found.count < limit {
            let page = try await schedules.reports(after: last, limit: limit - found.count)
            found += page.reports
            guard let next = page.next else { break }
            last = next
        }
        return found
    }

    /// Removes a schedule; its tasks stay.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - version: The version it must have at present; nil for any.
    /// - Throws: ``QueueError/Code/notFound``, ``QueueError/Code/versionConflict``, or ``QueueError/Code/ownedByFile``.
    public func removeSchedule(_ name: String, version: Int? = nil) async throws(QueueError) {
        try await schedules.remove(name, version: version, owner: .api)
    }

    /// Pauses a schedule: it fires nothing until it is resumed. A tick that waits for an earlier task is skipped.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - reason: Why, for people.
    /// - Throws: ``QueueError/Code/notFound`` if there is none.
    @discardableResult
    public func pauseSchedule(_ name: String, reason: String = "") async throws(QueueError) -> ScheduleReport
    {
        guard reason.utf8.count <= ModelLimits.errorBytes else {
            throw .invalid("reason", "must be at most \(ModelLimits.errorBytes) bytes long")
        }
        return try await schedules.pause(name, reason: reason)
    }

    /// Resumes a paused schedule. It never catches up with what it would have fired.
    ///
    /// - Throws: ``QueueError/Code/notFound`` if there is none.
    @discardableResult
    public func resumeSchedule(_ name: String) async throws(QueueError) -> ScheduleReport {
        await storeTime.prepare(waits: true)
        return try await schedules.resume(name, at: storeTime.now())
    }

    /// Submits the task of a schedule now, outside of its ticks.
    ///
    /// - Throws: ``QueueError/Code/notFound`` if there is none, or what submitting a task throws.
    @discardableResult
    public func runSchedule(_ name: String) async throws(QueueError) -> SubmitOutcome {
        guard let report = try await schedule(name) else { throw ScheduleEditor.noSchedule(name) }
        return try await submit(report.schedule.task)
    }

    /// Submits the tasks of ticks of the past, whether or not the schedule existed then. Ticks whose tasks exist are left
    /// alone, so repeating a call is harmless. Overlap, start, end and the schedule's counts play no part.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - start: The first tick is not before.
    ///   - end: The last tick is before; not in the future.
    ///   - isDryRun: Whether to submit nothing.
    /// - Returns: The ticks, ascending.
    /// - Throws: ``QueueError/Code/notFound`` if there is no such schedule, or ``QueueError/Code/invalidField`` if there are
    ///   more than 1,000 ticks.
    public func backfillSchedule(
        _ name: String, from start: Date, to end: Date, isDryRun: Bool = false
    ) async throws(QueueError) -> [BackfilledTick] {
        await storeTime.prepare(waits: true)
        let end = Timestamp(end)
        guard end <= storeTime.now() else { throw .invalid("to", "must not be in the future") }
        let start = Timestamp(start)
        guard start < end else { throw .invalid("from", "must be before `to`") }
        return try await ScheduleBackfill(store: store, metrics: metrics).run(
            name, from: start, to: end, isDryRun: isDryRun)
    }

    // MARK: - Checks

    private var schedules: ScheduleEditor {
        ScheduleEditor(store: store, now: { self.storeTime.now() }, random: context.random)
    }

    /// A page of the schedules of some types, which may have fewer than `limit` although more follow, and the name to go on
    /// after.
    package func schedulePage(
        after name: String?, limit: Int, where isWanted: (String) -> Bool
    ) async throws(QueueError) -> (reports: [ScheduleReport], next: String?) {
        try await schedules.reports(after: name, limit: limit, where: isWanted)
    }

    /// Sets the schedules of a configuration file, unless the stored ones come from a newer file, and removes those that the
    /// file no longer has.
    ///
    /// - Parameters:
    ///   - list: The file's schedules.
    ///   - revision: The file's revision.
    /// - Returns: What was done.
    /// - Throws: ``QueueError`` if one is invalid, or the store fails.
    package func setFileSchedules(
        _ list: [Schedule], revision: Int
    ) async throws(QueueError) -> FileSchedulesOutcome {
        var checkedList: [(Schedule, TaskDefinition)] = []
        for schedule in list {
            do throws(QueueError) { checkedList.append((schedule, try checked(schedule))) } catch {
                throw QueueError(
                    error.code, "schedule \(schedule.name): \(error.message)", field: error.field)
            }
        }
        await storeTime.prepare(waits: true)
        return try await schedules.setAll(checkedList, fileRevision: revision)
    }

    /// The definition of a schedule's tasks.
    private func checked(_ schedule: Schedule) throws(QueueError) -> TaskDefinition {
        try TaskSubmission.checkName(schedule.name, "name")
        // The path of previews in the HTTP API.
        guard schedule.name != "preview" else { throw .invalid("name", "must not be \"preview\"") }
        _ = try ScheduleTicks(schedule.timing, name: schedule.name)
        let task = schedule.task
        guard task.id == nil else { throw .invalid("task.id", "must be omitted: each tick has its own") }
        guard task.schedule == .now else {
            throw .invalid("task", "must have neither delay nor run_at: each tick runs at once")
        }
        guard task.uniqueness.map({ $0.onConflict == .returnExisting }) ?? true else {
            throw .invalid("task.unique.on_conflict", "must be \"return\" in a schedule")
        }
        guard .zero...ModelLimits.maxDuration ~= schedule.catchUpWindow else {
            throw .invalid(
                "catch_up_window", "must be 0 to \(ModelLimits.maxDuration.components.seconds) seconds")
        }
        guard .zero...Duration.seconds(86_400) ~= schedule.jitter else {
            throw .invalid("jitter", "must be 0 to 86400 seconds")
        }
        if let runs = schedule.maxRuns, runs < 1 { throw .invalid("max_runs", "must be at least 1") }
        if let failures = schedule.pauseAfterFailures, !(1...1000 ~= failures) {
            throw .invalid("pause_after_failures", "must be from 1 to 1000")
        }
        if let start = schedule.startsAt, let end = schedule.endsAt, end <= start {
            throw .invalid("ends_at", "must be after starts_at")
        }
        do throws(QueueError) {
            return try self.checked(task).definition
        } catch {
            throw error.within("task")
        }
    }
}
