import XQueueCore

@testable import XQueue

extension FuzzReader {
    /// The body of `POST /tasks`, and a line of a file of tasks.
    static let submission = FuzzReader("submission") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self),
            let submission = try? SubmissionReader.submission(text)
        else { return false }
        return try checkSubmission(submission)
    }

    /// The body of `POST /tasks/batch`.
    static let batch = FuzzReader("batch") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self),
            let submissions = try? SubmissionReader.batch(text, limit: 100)
        else { return false }
        try require(1...100 ~= submissions.count, "\(submissions.count) tasks")
        return try submissions.reduce(false) { try checkSubmission($1) || $0 }
    }

    /// A record of the log in front of the store. The same record is always the same task.
    static let intakeRecord = FuzzReader("intake-record") { bytes in
        let record = record(bytes)
        guard let task = try? decoder.task(record) else { return false }
        try require((try? decoder.task(record)) == task, "another task the second time")
        try checkTask(task)
        return true
    }

    private static let decoder = IntakeDecoder(QueueConfiguration())
    private static let moment = Timestamp(milliseconds: 1_764_000_000_000)

    private static func record(_ value: [UInt8]) -> IntakeRecord {
        IntakeRecord(
            origin: IntakeOrigin(log: "tasks", part: 3, position: 42), timestamp: moment, key: nil,
            value: value)
    }

    private static func checkSubmission(_ submission: TaskSubmission) throws -> Bool {
        let id = TaskID.lowest(at: moment)
        guard let task = try? submission.validated(defaults: SubmissionDefaults(), newID: { id }) else {
            return false
        }
        try checkTask(task)
        return true
    }

    /// Checks that a task survives the log, and that the waits between its attempts are within their limit.
    private static func checkTask(_ task: NewTask) throws {
        let message = IntakeMessage(task, acceptedAt: moment)
        let copy = try decoder.task(record(Array(message.value.utf8)))
        var expected = task
        switch task.schedule {
        case .now: break
        case .after(let delay): expected.schedule = .at(moment + delay)
        // Years before 0 cannot be written.
        case .at(let time): expected.schedule = .at(RFC3339Reader.timestamp(time.rfc3339) ?? time)
        }
        try require(copy == expected, "changed by the log: \(message.value)")
        let policy = task.retryPolicy
        for (retry, draw) in [(1, 0), (2, 0.5), (1000, 1), (.max, 0.999)] {
            let wait = policy.backOff(retry: retry, draw: draw)
            try require(.zero...policy.maxDelay ~= wait, "a back-off of \(wait)")
        }
    }
}
