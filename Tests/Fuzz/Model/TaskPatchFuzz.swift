import XQueueCore

@testable import XQueue

extension FuzzReader {
    /// A line with a submission, then the body of `PATCH /tasks/{id}`. An empty patch leaves the task as it is, and patching it
    /// once more changes nothing.
    static let taskPatch = FuzzReader("task-patch") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        let parts = text.split(separator: "\n", maxSplits: 1)
        guard parts.count == 2, let submitted = try? SubmissionReader.submission(String(parts[0])),
            let task = try? checked(submitted)
        else { return false }
        var record = TaskStateMachine.submit(task, at: Timestamp(milliseconds: 1_764_000_000_000))
        let same = try checked(try TaskPatch("{}").submission(of: record))
        try require(same.definition == record.definition, "changed by an empty patch: \(same)")
        try require(same.schedule == .at(record.runAt), "moved by an empty patch: \(same)")

        guard let patch = try? TaskPatch(String(parts[1])), let edited = try? patch.submission(of: record),
            let once = try? checked(edited), once.type == record.type
        else { return false }
        record.definition = once.definition
        let twice = try checked(try patch.submission(of: record))
        try require(twice.definition == once.definition, "\(once), then \(twice)")
        return true
    }

    private static func checked(_ submission: TaskSubmission) throws(QueueError) -> NewTask {
        try submission.validated(defaults: SubmissionDefaults()) { TaskID(high: 0, low: 0) }
    }
}
