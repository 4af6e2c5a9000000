package import XQueueCore

/// How a lease is called in addresses and bodies: the task's identifier, a dot, and the token in hexadecimal
/// digits. Any node can read it.
extension AttemptID {
    package var leaseID: String { "\(taskID).\(String(token.rawValue, radix: 16))" }

    /// Nil if `text` is not the name of a lease: each has one alone.
    package init?(leaseID text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let taskID = TaskID(String(parts[0])), let token = Int64(parts[1], radix: 16),
            token > 0
        else { return nil }
        self.init(taskID: taskID, token: LeaseToken(rawValue: token))
        guard leaseID == text else { return nil }
    }
}
