import Synchronization
import XQueue
import XQueueCore

/// Enforces a token's quotas of task types and pending tasks.
///
/// It counts what this node accepts and regularly refreshes the store's counts. With one node a quota is never
/// exceeded; with several, by no more than the others accept between two refreshes.
final class SubmissionQuota: Sendable {
    /// Maximum age of the store's counts, in general and before rejecting a submission based on them.
    private static let maxAge = Duration.milliseconds(500)
    private static let maxAgeToReject = Duration.milliseconds(20)

    /// The store's counts at one moment.
    private struct Snapshot {
        let pending: Int
        let types: Set<String>
        let takenAt = ContinuousClock.now
        /// Number of tasks accepted before the snapshot was requested: it may lack later ones.
        let accepted: Int
    }

    private struct Account {
        var snapshot: Snapshot?
        /// Number of tasks this node has accepted.
        var accepted = 0
        /// Number of tasks being stored.
        var inFlight = 0
        /// The types created by this token, as far as they still exist.
        var created: Set<String> = []

        var pending: Int { inFlight + accepted + (snapshot.map { $0.pending - $0.accepted } ?? 0) }
    }

    private let accounts = Mutex<[String: Account]>([:])

    /// Calls `body` if its submissions are within the quota; `body` returns how many of the tasks are new.
    ///
    /// - Throws: ``XQueue/QueueError`` `quota_exceeded`, or what `body` throws.
    func within<Value>(
        _ caller: Caller, _ submissions: [TaskSubmission], _ manager: TaskManager,
        _ body: () async throws -> (Value, new: Int)
    ) async throws -> Value {
        guard let name = caller.name, caller.quota.backlog != nil || caller.quota.types != nil else {
            return try await body().0
        }
        let types = Set(submissions.map { $0.definition.type })
        let count = submissions.count
        if age(name).map({ $0 > Self.maxAge }) ?? true { try await refresh(name, caller, manager) }
        do throws(QueueError) {
            try reserve(name, count, types, caller.quota)
        } catch {
            // Tasks may have left the store since the last refresh.
            guard age(name).map({ $0 > Self.maxAgeToReject }) ?? true else { throw error }
            try await refresh(name, caller, manager)
            try reserve(name, count, types, caller.quota)
        }
        var new = 0
        defer { settle(name, count, new) }
        let answer = try await body()
        new = answer.new
        return answer.0
    }

    private func age(_ name: String) -> Duration? {
        accounts.withLock { $0[name]?.snapshot.map { ContinuousClock.now - $0.takenAt } }
    }

    private func refresh(_ name: String, _ caller: Caller, _ manager: TaskManager) async throws(QueueError) {
        let before = accounts.withLock { $0[name]?.accepted ?? 0 }
        let states = try await manager.types().map(\.state)
        let own = states.filter { caller.canAccess($0.type) }
        let snapshot = Snapshot(
            pending: own.reduce(0) { $0 + $1.counts[.pending] }, types: Set(states.map(\.type)),
            accepted: before)
        accounts.withLock { accounts in
            var account = accounts[name] ?? Account()
            // Another caller's refresh may have begun later and finished earlier.
            guard before >= account.snapshot?.accepted ?? 0 else { return }
            account.snapshot = snapshot
            if account.inFlight == 0, account.accepted == before {
                account.created.formIntersection(snapshot.types)
            }
            accounts[name] = account
        }
    }

    private func reserve(
        _ name: String, _ count: Int, _ types: Set<String>, _ quota: TokenQuota
    ) throws(QueueError) {
        try accounts.withLock { accounts throws(QueueError) in
            var account = accounts[name] ?? Account()
            if let backlog = quota.backlog, account.pending + count > backlog {
                throw QueueError(
                    .quotaExceeded,
                    "\(account.pending) tasks are pending; the quota of token '\(name)' is \(backlog)")
            }
            let created = account.created.union(types.subtracting(account.snapshot?.types ?? []))
            if let limit = quota.types, created.count > limit, created.count > account.created.count {
                throw QueueError(
                    .typeQuotaExceeded,
                    "token '\(name)' has created \(account.created.count) task types; its quota is \(limit)",
                    field: "type")
            }
            account.created = created
            account.inFlight += count
            accounts[name] = account
        }
    }

    private func settle(_ name: String, _ count: Int, _ new: Int) {
        accounts.withLock { accounts in
            accounts[name]?.inFlight -= count
            accounts[name]?.accepted += new
        }
    }
}
