package import XQueueCore

/// The edit of a schedule as a JSON merge patch: `{"cron":"0 3 * * *","task":{"priority":9}}`.
package struct SchedulePatch: Sendable {
    private let patch: RawJSON

    /// - Throws: ``QueueError`` if the text is no object.
    package init(_ text: String) throws(QueueError) {
        _ = try FieldReader.body(text)
        patch = RawJSON(trusted: text)
    }

    /// The schedule with the patch applied.
    ///
    /// - Parameters:
    ///   - schedule: The schedule.
    ///   - definition: What it submits.
    /// - Throws: ``QueueError`` if a field is invalid.
    package func schedule(
        of schedule: Schedule, _ definition: TaskDefinition
    ) throws(QueueError) -> Schedule {
        let key = UniqueKeyPatch((try? patch.values(at: ["task"])[0]?.members()) ?? [])
        var keyless = definition
        keyless.unique = nil
        var merged = ScheduleJSON.object(schedule, keyless)
        do throws(JSONSyntaxError) {
            if let base = key.base(definition.unique) {
                merged = try MergePatch.merge(RawJSON(trusted: #"{"task":\#(base)}"#), into: merged)
            }
            merged = try MergePatch.merge(patch, into: merged)
        } catch {
            throw QueueError(malformed: error)
        }
        var patched = try ScheduleReader.schedule(merged.text, name: schedule.name)
        if !key.isChange { patched.task.unique = definition.unique }
        return patched
    }
}
