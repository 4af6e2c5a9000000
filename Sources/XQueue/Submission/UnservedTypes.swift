import Logging
import Synchronization

/// Remembers which types without a handler were submitted, so that each is logged once.
final class UnservedTypes: Sendable {
    /// Beyond so many, further types are no longer told apart and not logged.
    private static let limit = 1000
    private let seen = Mutex<Set<String>>([])

    func notice(_ type: String, logger: Logger) {
        let isNew = seen.withLock { $0.count < Self.limit && $0.insert(type).inserted }
        guard isNew else { return }
        logger.warning(
            "A task was accepted whose type no handler here serves", metadata: ["task.type": "\(type)"])
    }
}
