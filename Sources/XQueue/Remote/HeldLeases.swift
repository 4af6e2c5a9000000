import Synchronization
import XQueueCore

/// What this node remembers of the attempts of remote workers.
///
/// It is a memory, not the truth: any node may be asked about any lease, and asks the store about those it
/// does not know.
final class HeldLeases: Sendable {
    struct Entry: Sendable {
        let worker: String
        let type: String
        let attempt: Int
        /// When the attempt started: its claim's answer arrived here then, or the store says how long ago it was.
        let startedAt: MonotonicInstant
        let processTimeout: Duration?
        /// When the lease ends unless it is extended, as far as this node knows.
        var expiresAt: MonotonicInstant

        init?(_ record: TaskRecord, startedAt: MonotonicInstant, expiresAt: MonotonicInstant) {
            guard let lease = record.lease else { return nil }
            worker = lease.workerID
            type = record.type
            attempt = record.attempt
            self.startedAt = startedAt
            processTimeout = record.processTimeout
            self.expiresAt = expiresAt
        }

        func isTimedOut(at now: MonotonicInstant) -> Bool {
            processTimeout.map { startedAt + $0 <= now } ?? false
        }
    }

    /// The most leases remembered; beyond, the store is asked.
    private static let limit = 100_000

    private let entries = Mutex<[AttemptID: Entry]>([:])

    func entry(_ attempt: AttemptID) -> Entry? {
        entries.withLock { $0[attempt] }
    }

    /// Answers the entry of the attempt that `record` is in.
    @discardableResult
    func insert(
        _ record: TaskRecord, startedAt: MonotonicInstant, expiresAt: MonotonicInstant
    ) -> Entry? {
        guard let token = record.lease?.token,
            let entry = Entry(record, startedAt: startedAt, expiresAt: expiresAt)
        else { return nil }
        entries.withLock { entries in
            guard entries.count < Self.limit else { return }
            entries[AttemptID(taskID: record.id, token: token)] = entry
        }
        return entry
    }

    func extend(_ attempt: AttemptID, until time: MonotonicInstant) {
        entries.withLock { $0[attempt]?.expiresAt = time }
    }

    func remove(_ attempt: AttemptID) {
        entries.withLock { _ = $0.removeValue(forKey: attempt) }
    }

    /// Forgets the leases that have ended, and counts the others by worker.
    func countByWorker(at now: MonotonicInstant) -> [String: Int] {
        entries.withLock { entries in
            entries = entries.filter { $0.value.expiresAt > now }
            return entries.values.reduce(into: [:]) { $0[$1.worker, default: 0] += 1 }
        }
    }

    func count(of worker: String) -> Int {
        entries.withLock { $0.values.reduce(0) { $0 + ($1.worker == worker ? 1 : 0) } }
    }
}
