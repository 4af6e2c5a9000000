import XQueue

/// Does what the payload says, and records it in the diary, as the handlers in C and Python do.
struct ChaosHandler: Sendable {
    struct Order: Decodable, Sendable {
        /// How long the attempt takes, in milliseconds.
        var ms: Int
        /// How many attempts fail.
        var failTimes: Int?
        /// 1 if every attempt fails for good.
        var permanent: Int?
        /// 1 if the handler goes on when it is asked to stop.
        var ignoreStop: Int?
        var progress: Int?

        enum CodingKeys: String, CodingKey {
            case ms, permanent, progress
            case failTimes = "fail_times"
            case ignoreStop = "ignore_stop"
        }
    }

    struct Result: Encodable, Sendable {
        var nonce: String
        var attempt: Int
    }

    let diary: Diary
    let worker: String

    func handle(_ task: TaskContext<Order>) async throws -> Result {
        let entry = Diary.Entry(task: "\(task.id)", attempt: task.attempt, type: task.type)
        try diary.begin(entry, worker: worker)
        if task.payload.progress == 1 { task.report(progress: 50, message: "halfway") }
        do {
            try await pause(.milliseconds(task.payload.ms), ignoringStop: task.payload.ignoreStop == 1)
        } catch {
            try diary.end(entry, .stopped)
            throw error
        }
        if task.payload.permanent == 1 {
            try diary.end(entry, .permanent)
            throw TaskFailure("permanent failure, as the payload says", isPermanent: true)
        }
        if task.attempt <= task.payload.failTimes ?? 0 {
            try diary.end(entry, .fail)
            throw TaskFailure("failure, as the payload says")
        }
        try diary.end(entry, .ok)
        return Result(nonce: entry.nonce, attempt: task.attempt)
    }

    private func pause(_ duration: Duration, ignoringStop: Bool) async throws {
        guard ignoringStop else { return try await Task.sleep(for: duration) }
        // An unstructured Swift task is not canceled with this one; it ends when the time has elapsed.
        await Task { try? await Task.sleep(for: duration) }.value
    }
}
