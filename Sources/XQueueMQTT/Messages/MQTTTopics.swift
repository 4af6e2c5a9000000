#if MQTT

import XQueueCore

/// The topics of messages.
struct MQTTTopics: Sendable {
    /// Prefix of a task's status topic; followed by the task's identifier.
    let task: String
    /// Prefix of a task's progress topic; followed by the task's identifier.
    let progress: String
    /// Prefix of a schedule's topic; followed by its name.
    let schedule: String
    /// For all tasks that reach a status.
    private let statuses: [String]
    /// The topic of this client's presence messages.
    let presence: String

    /// - Parameters:
    ///   - topic: Such as `task/status`; progress goes to the sibling `task/progress`, schedules to `task/schedule`.
    ///   - clientID: The full client ID.
    init(topic: String, clientID: String) {
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let parent = levels.map { $0 + "/" }.joined()
        task = topic + "/"
        progress = parent + "progress/"
        schedule = parent + "schedule/"
        statuses = TaskStatus.allCases.map { "\(topic)/status/\($0.rawValue)" }
        presence = parent + "notifier/" + String(clientID.map { "/+#".contains($0) ? "-" : $0 })
    }

    func status(_ status: TaskStatus) -> String {
        // In the order of `allCases`, which is the order of the codes.
        statuses[status.code]
    }
}

#endif
