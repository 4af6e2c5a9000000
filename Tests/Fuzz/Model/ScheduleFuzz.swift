import XQueueCore

@testable import XQueue

extension FuzzReader {
    private static let now = Timestamp(milliseconds: 1_764_000_000_000)

    /// The body of `PUT /schedules/{name}`. What is stored of it means the same, and each look at its ticks ends.
    static let schedule = FuzzReader("schedule") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self),
            let schedule = try? ScheduleReader.schedule(text, name: "fuzz"),
            let task = try? schedule.task.validated(
                defaults: SubmissionDefaults(), newID: { TaskID(high: 0, low: 0) })
        else { return false }
        let written = ScheduleJSON.object(schedule, task.definition).text
        guard let copy = try? ScheduleReader.schedule(written, name: "fuzz"),
            let copied = try? copy.task.validated(
                defaults: SubmissionDefaults(), newID: { TaskID(high: 0, low: 0) })
        else { throw BrokenProperty(description: "unreadable when written: \(written)") }
        try require(
            ScheduleJSON.object(copy, copied.definition).text == written, "changed by storing it: \(written)")
        guard let ticks = try? ScheduleTicks(schedule.timing, name: "fuzz") else { return true }
        // Close by: passing many ticks takes long in a debug build.
        for first in [now + .seconds(-100), now, now + .seconds(86_400)] {
            let step = ScheduleStep(schedule, ticks, first: first, now: now)
            try require(step.fired == step.fired.sorted(), "ticks that do not ascend")
            try require(step.fired.count <= ScheduleStep.maxTicks, "\(step.fired.count) ticks")
            if let last = step.fired.last, let next = step.next {
                try require(next > last, "\(next.rfc3339) after \(last.rfc3339)")
            }
        }
        return true
    }

    /// What a store keeps of a schedule's past: a line with the definition, then the state.
    static let scheduleState = FuzzReader("schedule-state") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        let parts = text.split(separator: "\n", maxSplits: 1)
        guard parts.count == 2 else { return false }
        let record = ScheduleRecord(
            name: "fuzz", version: 1, dueAt: nil, definition: RawJSON(trusted: String(parts[0])),
            state: RawJSON(trusted: String(parts[1])))
        guard var stored = try? StoredSchedule(record),
            let ticks = try? ScheduleTicks(stored.schedule.timing, name: "fuzz")
        else { return false }
        let again = stored.record
        guard let copy = try? StoredSchedule(again) else {
            throw BrokenProperty(description: "unreadable when written: \(again.state.text)")
        }
        try require(copy.record == again, "changed by storing it: \(again.state.text)")
        stored.nextTick = stored.nextTick.map { max($0, now + .seconds(-100)) }
        var turn = ScheduleTurn(stored, ticks, now: now)
        if !turn.pauseIfFailing() { turn.take(stored) }
        _ = turn.stored.record
        return true
    }

    /// A line with a JSON text, then a merge patch of it. The result is JSON, and patching it once more changes nothing.
    static let mergePatch = FuzzReader("merge-patch") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        let parts = text.split(separator: "\n", maxSplits: 1)
        guard parts.count == 2, let target = try? RawJSON(String(parts[0])),
            let patch = try? RawJSON(String(parts[1]))
        else { return false }
        guard let merged = try? MergePatch.merge(patch, into: target) else { return false }
        try require((try? RawJSON(merged.text)) != nil, "no JSON: \(merged.text)")
        let again = try? MergePatch.merge(patch, into: merged)
        try require(again?.text == merged.text, "\(merged.text), then \(again?.text ?? "an error")")
        return true
    }
}
