public import XQueueCore
import XQueueStoreKit

extension SQLiteStore {
    public func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome] {
        try await writer.run { try $0.insert(tasks) }
    }

    public func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult {
        try await writer.run { try $0.claim(request) }
    }

    public func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
        try await writer.run { try $0.settle(settlements) }
    }

    public func heartbeat(
        _ attempts: [AttemptID], lease: Duration
    ) async throws(StoreError) -> [HeartbeatOutcome] {
        try await writer.run { try $0.heartbeat(attempts, lease: lease) }
    }

    public func report(_ progress: [ProgressReport]) async throws(StoreError) {
        try await writer.run { try $0.report(progress) }
    }

    public func cancel(_ ids: [TaskID], grace: Duration) async throws(StoreError) -> [ChangeOutcome] {
        try await writer.run { try $0.cancel(ids, grace: grace) }
    }

    public func requeue(_ ids: [TaskID]) async throws(StoreError) -> [ChangeOutcome] {
        try await writer.run { try $0.requeue(ids) }
    }

    public func rewrite(_ rewrite: TaskRewrite) async throws(StoreError) -> ChangeOutcome {
        try await writer.run { try $0.rewrite(rewrite) }
    }

    public func setLimit(_ limit: Int?, ofType type: String) async throws(StoreError) {
        try await writer.run { try $0.setLimit(limit, ofType: type) }
    }

    public func setPaused(_ paused: Bool, type: String) async throws(StoreError) {
        try await writer.run { try $0.setPaused(paused, type: type) }
    }

    public func removeTypes(
        _ types: [String], evenIfSet: Bool
    ) async throws(StoreError) -> [TypeRemoval] {
        guard !types.isEmpty else { return [] }
        return try await writer.run { try $0.removeTypes(types, evenIfSet: evenIfSet) }
    }

    public func sweep(
        limit: Int, draw: SweepDraw, within time: @escaping @Sendable () -> Duration
    ) async throws(StoreError) -> SweepResult {
        // The transaction's time is fixed by then, so its duration does not matter.
        try await writer.run { session in
            time() > .zero ? try session.sweep(limit: limit, draw: draw) : .none
        }
    }

    public func prune(_ retention: Retention, limit: Int) async throws(StoreError) -> Int {
        try await writer.run { try $0.prune(retention, limit: limit) }
    }
}
