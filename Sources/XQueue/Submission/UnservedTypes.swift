import Logging
import Synchronization
import XQueueCore

/// Logs, once for each type, that tasks were accepted which nobody serves.
final class UnservedTypes: Sendable {
    /// Beyond so many, further types are no longer told apart and not logged.
    private static let limit = 1000
    private let cluster: ClusterView
    private let isServedHere: @Sendable (String) -> Bool
    /// How old the knowledge of who serves a type may be.
    private let maxAge: Duration
    private let logger: Logger
    private let seen = Mutex<Set<String>>([])

    init(
        _ cluster: ClusterView, maxAge: Duration, logger: Logger,
        isServedHere: @escaping @Sendable (String) -> Bool
    ) {
        self.cluster = cluster
        self.isServedHere = isServedHere
        self.maxAge = maxAge
        self.logger = logger
    }

    /// Looks at tasks that were accepted.
    func notice(_ tasks: [NewTask]) async {
        var types: Set<String> = []
        for task in tasks where !isServedHere(task.type) && !hasSeen(task.type) { types.insert(task.type) }
        for type in types {
            do throws(StoreError) {
                if try await !cluster.serves(type, maxAge: maxAge) { notice(type) }
            } catch {
                // Whether anybody serves it is not known; a later submission will tell.
                return
            }
        }
    }

    private func hasSeen(_ type: String) -> Bool {
        seen.withLock { $0.count >= Self.limit || $0.contains(type) }
    }

    private func notice(_ type: String) {
        let isNew = seen.withLock { $0.count < Self.limit && $0.insert(type).inserted }
        guard isNew else { return }
        logger.warning(
            "A task was accepted whose type no live node serves", metadata: ["task.type": "\(type)"])
    }
}
