import XQueueCore

/// A page of tasks.
struct TaskPage: Decodable {
    var tasks: [ListedTask]
    let total: Int
}

/// What a list shows of a task.
struct ListedTask: Decodable {
    let id: String
    let type: String
    let status: TaskStatus
    let pendingReason: String?
    let priority: Int
    let attempt: Int
    let progress: Double?
    let progressMessage: String?
    let error: String?
    let createdAt: String
    let runAt: String?

    enum CodingKeys: String, CodingKey {
        case id, type, status, priority, attempt, progress, error
        case pendingReason = "pending_reason"
        case progressMessage = "progress_message"
        case createdAt = "created_at"
        case runAt = "run_at"
    }

    /// The status, and what a pending task waits for.
    var standing: String {
        guard status == .pending, let pendingReason, pendingReason != "ready" else { return status.rawValue }
        return pendingReason
    }

    /// What is worth telling of it beside: how far it is, when it is due, or why it failed.
    func note(isTerminal: Bool) -> String {
        switch status {
        case .processing:
            let percent = progress.map { "\(WholePercent.of($0)) %" }
            return [percent, progressMessage].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
        case .pending where pendingReason == "scheduled":
            return isTerminal ? Age.text(runAt) : runAt ?? ""
        case .success: return ""
        default: return error ?? ""
        }
    }
}
