import Logging
import Synchronization

/// Remembers which types that nobody serves were submitted, so that each is logged once.
final class UnservedTypes: Sendable {
    /// Beyond so many, further types are no longer told apart and not logged.
    private static let limit = 1000
    private let seen = Mutex<Set<String>>([])

    /// True if there is nothing more to log about `type`.
    func hasSeen(_ type: String) -> Bool {
        seen.withLock { $0.count >= Self.limit || $0.contains(type) }
    }

    func notice(_ type: String, logger: Logger) {
        let isNew = seen.withLock { $0.count < Self.limit && $0.insert(type).inserted }
        guard isNew else { return }
        logger.warning(
            "A task was accepted whose type no live node serves", metadata: ["task.type": "\(type)"])
    }
}
