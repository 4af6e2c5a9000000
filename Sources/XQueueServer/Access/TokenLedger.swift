import Synchronization
import XQueue

/// Counts the resources in use by each token that has a quota of them.
final class TokenLedger: Sendable {
    enum Resource: Hashable, Sendable {
        case stream
        /// A waiting lease request.
        case poll
    }

    private struct Key: Hashable {
        let resource: Resource
        let name: String
    }

    private let counts = Mutex<[Key: Int]>([:])

    /// Takes one more; ``release(_:_:)`` must follow.
    ///
    /// - Throws: ``XQueue/QueueError`` `quota_exceeded` if the token's quota is used up.
    func acquire(_ resource: Resource, _ caller: Caller) throws(QueueError) {
        guard let key = Self.key(resource, caller), let limit = Self.limit(of: resource, caller) else {
            return
        }
        let isFull = counts.withLock { counts in
            let count = counts[key, default: 0]
            guard count < limit else { return true }
            counts[key] = count + 1
            return false
        }
        guard isFull else { return }
        let what = resource == .stream ? "event streams" : "waiting lease requests"
        throw QueueError(.quotaExceeded, "token '\(key.name)' has reached its quota of \(limit) \(what)")
    }

    func release(_ resource: Resource, _ caller: Caller) {
        guard let key = Self.key(resource, caller), Self.limit(of: resource, caller) != nil else { return }
        counts.withLock { counts in
            let count = counts[key, default: 1] - 1
            counts[key] = count > 0 ? count : nil
        }
    }

    private static func key(_ resource: Resource, _ caller: Caller) -> Key? {
        caller.name.map { Key(resource: resource, name: $0) }
    }

    private static func limit(of resource: Resource, _ caller: Caller) -> Int? {
        switch resource {
        case .stream: caller.quota.streams
        case .poll: caller.quota.workers
        }
    }
}
