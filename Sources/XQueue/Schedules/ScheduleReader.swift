package import XQueueCore

/// Reads schedules: `{"cron":"30 2 * * *","time_zone":"Europe/Berlin","task":{"type":"report"}}`.
package enum ScheduleReader {
    package static func schedule(_ text: String, name: String) throws(QueueError) -> Schedule {
        let members = try FieldReader.body(text)
        let fields = FieldReader()
        var timing = ScheduleTimingReader()
        var schedule = Schedule(name, ScheduleTiming(.cron("")), TaskSubmission(type: ""))
        var hasTask = false
        try fields.each(of: members) { member throws(QueueError) in
            guard member.value.kind != .null else { return }
            if try timing.read(member, fields) { return }
            switch member.name {
            case "task":
                schedule.task = try task(member)
                hasTask = true
            case "overlap": schedule.overlap = try fields.choice(member)
            case "catch_up": schedule.catchUp = try fields.choice(member)
            case "catch_up_window": schedule.catchUpWindow = try fields.seconds(member)
            case "jitter": schedule.jitter = try fields.seconds(member)
            case "starts_at": schedule.startsAt = try fields.time(member).date
            case "max_runs": schedule.maxRuns = try fields.integer(member)
            case "pause_after_failures": schedule.pauseAfterFailures = try fields.integer(member)
            case "ends_at": schedule.endsAt = try fields.time(member).date
            default: throw fields.unknown(member)
            }
        }
        guard hasTask else { throw .invalid("task", "is required") }
        schedule.timing = try timing.timing()
        return schedule
    }

    private static func task(_ member: JSONMember) throws(QueueError) -> TaskSubmission {
        guard member.value.kind == .object else { throw .invalid("task", "must be an object") }
        do throws(QueueError) {
            return try SubmissionReader.submission(member.value.text)
        } catch {
            throw error.within("task")
        }
    }
}

/// Writes schedules, as ``ScheduleReader`` reads them.
package enum ScheduleJSON {
    /// The schedule as a JSON object, as stores keep it.
    package static func object(_ schedule: Schedule, _ definition: TaskDefinition) -> RawJSON {
        var writer = JSONWriter()
        writer.object { write(schedule, definition, to: &$0) }
        return RawJSON(trusted: writer.text)
    }

    /// Writes the members of a schedule.
    ///
    /// - Parameters:
    ///   - schedule: The schedule.
    ///   - definition: What it submits.
    ///   - writer: An open object.
    package static func write(_ schedule: Schedule, _ definition: TaskDefinition, to writer: inout JSONWriter)
    {
        switch schedule.timing.rule {
        case .cron(let text): writer.member("cron", text)
        case .every(let period, let offset):
            writer.member("every", period)
            writer.member("offset", offset)
        }
        writer.member("time_zone", schedule.timing.timeZone)
        writer.name("dst")
        switch schedule.timing.clockChanges {
        case .automatic: writer.value("auto")
        case .fixed(let gap, let fold):
            writer.object { writer in
                writer.member("gap", gap.rawValue)
                writer.member("fold", fold.rawValue)
            }
        }
        writer.member("overlap", schedule.overlap.rawValue)
        writer.member("catch_up", schedule.catchUp.rawValue)
        writer.member("catch_up_window", schedule.catchUpWindow)
        writer.member("jitter", schedule.jitter)
        writer.member("starts_at", schedule.startsAt.map { Timestamp($0) })
        writer.member("ends_at", schedule.endsAt.map { Timestamp($0) })
        writer.member("max_runs", schedule.maxRuns)
        writer.member("pause_after_failures", schedule.pauseAfterFailures)
        writer.name("task")
        writer.object { writer in DefinitionJSON.write(definition, to: &writer, isWhole: false) }
    }
}
