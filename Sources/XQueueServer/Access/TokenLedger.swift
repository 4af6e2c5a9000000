import Synchronization
import XQueue

/// Counts what each token holds of things that its quota bounds.
final class TokenLedger: Sendable {
    enum Thing: Hashable, Sendable {
        case stream
        /// A request for tasks that waits.
        case poll
    }

    private struct Key: Hashable {
        let thing: Thing
        let name: String
    }

    private let counts = Mutex<[Key: Int]>([:])

    /// Takes one more; ``giveBack(_:_:)`` has to follow.
    ///
    /// - Throws: ``XQueue/QueueError`` `quota_exceeded` if the token has as many as it may.
    func take(_ thing: Thing, _ caller: Caller) throws(QueueError) {
        guard let key = Self.key(thing, caller), let limit = Self.limit(of: thing, caller) else { return }
        let isFull = counts.withLock { counts in
            let count = counts[key, default: 0]
            guard count < limit else { return true }
            counts[key] = count + 1
            return false
        }
        guard isFull else { return }
        let what = thing == .stream ? "event streams" : "requests that wait for tasks"
        throw QueueError(.quotaExceeded, "the token '\(key.name)' has \(limit) \(what), which is its quota")
    }

    func giveBack(_ thing: Thing, _ caller: Caller) {
        guard let key = Self.key(thing, caller), Self.limit(of: thing, caller) != nil else { return }
        counts.withLock { counts in
            let count = counts[key, default: 1] - 1
            counts[key] = count > 0 ? count : nil
        }
    }

    private static func key(_ thing: Thing, _ caller: Caller) -> Key? {
        caller.name.map { Key(thing: thing, name: $0) }
    }

    private static func limit(of thing: Thing, _ caller: Caller) -> Int? {
        switch thing {
        case .stream: caller.quota.streams
        case .poll: caller.quota.workers
        }
    }
}
