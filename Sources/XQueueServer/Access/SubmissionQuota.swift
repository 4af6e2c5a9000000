import Synchronization
import XQueue
import XQueueCore

/// Keeps submissions of a token within its quota of types and of pending tasks.
///
/// It counts what this node accepts, and looks at the store's counts now and then: with one node a quota is never
/// exceeded, with several by no more than the others accept between two looks.
final class SubmissionQuota: Sendable {
    /// How old the store's counts may be, and how old when they would refuse.
    private static let freshness = Duration.milliseconds(500)
    private static let freshnessToRefuse = Duration.milliseconds(20)

    /// What the store held at one look.
    private struct Look {
        let pending: Int
        let types: Set<String>
        let takenAt = ContinuousClock.now
        /// How many tasks had been accepted when the look began: later ones may not be in it.
        let accepted: Int
    }

    private struct Account {
        var look: Look?
        /// How many tasks this node has accepted.
        var accepted = 0
        /// On their way into the store.
        var underWay = 0
        /// The types that this token brought, as far as they are still there.
        var made: Set<String> = []

        var waiting: Int { underWay + accepted + (look.map { $0.pending - $0.accepted } ?? 0) }
    }

    private let accounts = Mutex<[String: Account]>([:])

    /// Calls `body` if its tasks are within the quota; it answers how many of them are new.
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
        if age(name).map({ $0 > Self.freshness }) ?? true { try await look(name, caller, manager) }
        do throws(QueueError) {
            try reserve(name, count, types, caller.quota)
        } catch {
            // What the store has got rid of since may have made room.
            guard age(name).map({ $0 > Self.freshnessToRefuse }) ?? true else { throw error }
            try await look(name, caller, manager)
            try reserve(name, count, types, caller.quota)
        }
        var new = 0
        defer { settle(name, count, new) }
        let answer = try await body()
        new = answer.new
        return answer.0
    }

    private func age(_ name: String) -> Duration? {
        accounts.withLock { $0[name]?.look.map { ContinuousClock.now - $0.takenAt } }
    }

    private func look(_ name: String, _ caller: Caller, _ manager: TaskManager) async throws(QueueError) {
        let before = accounts.withLock { $0[name]?.accepted ?? 0 }
        let states = try await manager.types().map(\.state)
        let own = states.filter { caller.mayTouch($0.type) }
        let look = Look(
            pending: own.reduce(0) { $0 + $1.counts[.pending] }, types: Set(states.map(\.type)),
            accepted: before)
        accounts.withLock { accounts in
            var account = accounts[name] ?? Account()
            // Another caller's look may have begun later, and ended before.
            guard before >= account.look?.accepted ?? 0 else { return }
            account.look = look
            if account.underWay == 0, account.accepted == before { account.made.formIntersection(look.types) }
            accounts[name] = account
        }
    }

    private func reserve(
        _ name: String, _ count: Int, _ types: Set<String>, _ quota: TokenQuota
    ) throws(QueueError) {
        try accounts.withLock { accounts throws(QueueError) in
            var account = accounts[name] ?? Account()
            if let backlog = quota.backlog, account.waiting + count > backlog {
                throw QueueError(
                    .quotaExceeded,
                    "\(account.waiting) tasks are pending; the quota of the token '\(name)' is \(backlog)")
            }
            let made = account.made.union(types.subtracting(account.look?.types ?? []))
            if let most = quota.types, made.count > most, made.count > account.made.count {
                throw QueueError(
                    .typeQuotaExceeded,
                    "the token '\(name)' has brought \(account.made.count) task types; its quota is \(most)",
                    field: "type")
            }
            account.made = made
            account.underWay += count
            accounts[name] = account
        }
    }

    private func settle(_ name: String, _ count: Int, _ new: Int) {
        accounts.withLock { accounts in
            accounts[name]?.underWay -= count
            accounts[name]?.accepted += new
        }
    }
}
