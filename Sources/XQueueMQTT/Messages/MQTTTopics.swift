#if MQTT

import XQueueCore

/// The topics that messages go to.
struct MQTTTopics: Sendable {
    /// Followed by a task's identifier, for its status.
    let task: String
    /// Followed by a task's identifier, for its progress.
    let progress: String
    /// For all tasks that came to a status.
    private let statuses: [String]
    /// Where the notifier says that it is there.
    let presence: String

    /// - Parameters:
    ///   - topic: Such as `task/status`; progress goes to `task/progress`, beside it.
    ///   - clientID: The whole name of the client.
    init(topic: String, clientID: String) {
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let parent = levels.map { $0 + "/" }.joined()
        task = topic + "/"
        progress = parent + "progress/"
        statuses = TaskStatus.allCases.map { "\(topic)/status/\($0.rawValue)" }
        presence = parent + "notifier/" + String(clientID.map { "/+#".contains($0) ? "-" : $0 })
    }

    func status(_ status: TaskStatus) -> String {
        // In the order of `allCases`, which is that of the codes.
        statuses[status.code]
    }
}

#endif
