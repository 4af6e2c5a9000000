import Synchronization
import XQueueCore

/// Caches the attempts of remote workers that this node has seen.
///
/// Only a cache: any node may be asked about any lease, and looks up unknown ones in the store.
final class HeldLeases: Sendable {
    /// Maximum number of leases cached; others are looked up in the store.
    private static let limit = 100_000

    private let entries = Mutex<[AttemptID: Attempt]>([:])

    func attempt(_ id: AttemptID) -> Attempt? {
        entries.withLock { $0[id] }
    }

    func insert(_ attempt: Attempt) {
        entries.withLock { entries in
            guard entries.count < Self.limit else { return }
            entries[attempt.id] = attempt
        }
    }

    /// Applies the store's answer to a heartbeat, as ``Attempt/take(_:leaseEndsAt:at:)`` does.
    ///
    /// - Parameter attempt: The attempt as it was looked up; it may not be cached.
    func take(
        _ answer: HeartbeatOutcome, of attempt: Attempt, leaseEndsAt end: MonotonicInstant,
        at now: MonotonicInstant
    ) -> AttemptStanding {
        entries.withLock { entries in
            var attempt = entries[attempt.id] ?? attempt
            let standing = attempt.take(answer, leaseEndsAt: end, at: now)
            if entries[attempt.id] != nil { entries[attempt.id] = attempt }
            return standing
        }
    }

    func remove(_ id: AttemptID) {
        entries.withLock { _ = $0.removeValue(forKey: id) }
    }

    /// Drops expired leases, and counts the others by worker.
    func countByWorker(at now: MonotonicInstant) -> [String: Int] {
        entries.withLock { entries in
            entries = entries.filter { $0.value.leaseEndsAt > now }
            return entries.values.reduce(into: [:]) { $0[$1.worker, default: 0] += 1 }
        }
    }

    func count(of worker: String) -> Int {
        entries.withLock { $0.values.reduce(0) { $0 + ($1.worker == worker ? 1 : 0) } }
    }
}
