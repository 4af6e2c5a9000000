/// A task's claim to be the only one with a key.
///
/// The task itself holds the key: nothing has to be unlocked, and nothing is left behind when the task is gone.
public struct UniqueRule: Sendable, Hashable {
    /// Until when a task holds its key.
    public enum Until: String, Sendable, Hashable, CaseIterable {
        /// Until its first attempt starts.
        case started
        /// Until it has ended; with a window, at least that long.
        case done
        /// As long as the window, whether or not it has ended.
        case window
    }

    /// 1 to 256 bytes without control characters.
    public var key: String
    public var until = Until.done
    /// Counted from the acceptance of the task.
    public var window: Duration?
    /// Whether the key is shared by all types that say so, rather than by the tasks of one type.
    public var isAcrossTypes = false

    /// The usual rule: until the task has ended, among tasks of its type.
    public init(key: String) {
        self.key = key
    }

    /// Whether it is the usual rule for its key.
    package var isUsual: Bool { self == UniqueRule(key: key) }

    /// Whether it is the same as another rule, but for the key.
    package func hasTerms(of other: UniqueRule?) -> Bool {
        until == other?.until && window == other?.window && isAcrossTypes == other?.isAcrossTypes
    }

    /// The time from which the key is free although its holder has not moved; nil if only a step of the holder frees it.
    ///
    /// - Parameters:
    ///   - createdAt: When the holder was accepted.
    ///   - hasEnded: Whether the holder has ended.
    package func expiry(createdAt: Timestamp, hasEnded: Bool) -> Timestamp? {
        guard let window, until == .window || hasEnded else { return nil }
        return createdAt + window
    }

    /// Whether a step of a task that holds the key frees it.
    package func isFreed(by record: TaskRecord, at now: Timestamp) -> Bool {
        switch record.status {
        case .pending: false
        case .processing: until == .started
        case .success, .failed, .canceled, .timeout:
            expiry(createdAt: record.state.createdAt, hasEnded: true).map { $0 <= now } ?? true
        }
    }
}
