package import XQueueCore

/// The edit of a task as a JSON merge patch over its submission: `{"priority":9,"run_at":null}`.
package struct TaskPatch: Sendable {
    private let patch: RawJSON
    /// Whether it names a time to run.
    private let isMove: Bool
    private let key: UniqueKeyPatch

    /// - Throws: ``QueueError`` if the text is no object, or one of its members is unknown, invalid or given twice.
    package init(_ text: String) throws(QueueError) {
        let members = try FieldReader.body(text)
        // The merged submission no longer shows what is null or given twice.
        try SubmissionReader.checkPatch(members)
        isMove = members.contains { $0.name == "run_at" || $0.name == "delay" }
        key = UniqueKeyPatch(members)
        patch = RawJSON(trusted: text)
    }

    /// The submission of the task with the patch applied. What the patch sets to null is as if left out of a submission; in
    /// particular, `run_at` is now.
    ///
    /// - Throws: ``QueueError`` if a field is invalid.
    package func submission(of task: TaskRecord) throws(QueueError) -> TaskSubmission {
        var writer = JSONWriter()
        var keyless = task.definition
        keyless.unique = nil
        writer.object { DefinitionJSON.write(keyless, to: &$0, isWhole: false) }
        var merged = RawJSON(trusted: writer.text)
        do throws(JSONSyntaxError) {
            if let base = key.base(task.unique) { merged = try MergePatch.merge(base, into: merged) }
            merged = try MergePatch.merge(patch, into: merged)
        } catch {
            throw QueueError(malformed: error)
        }
        var submission = try SubmissionReader.submission(merged.text)
        if !key.isChange { submission.unique = task.unique }
        if !isMove { submission.schedule = TaskSubmission(editing: task).schedule }
        return submission
    }
}
