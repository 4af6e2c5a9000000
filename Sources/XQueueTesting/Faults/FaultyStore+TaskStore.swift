public import XQueueCore

extension FaultyStore: TaskStore {
    public var name: String { "faulty \(inner.name)" }

    /// One of several over the same inner store is not alone.
    public var isExclusive: Bool { closesInner && inner.isExclusive }

    public func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome] {
        try await perform(.insert) { () async throws(StoreError) in try await inner.insert(tasks) }
    }

    public func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult {
        try await perform(.claim) { () async throws(StoreError) in try await inner.claim(request) }
    }

    public func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
        try await perform(.settle) { () async throws(StoreError) in try await inner.settle(settlements) }
    }

    public func heartbeat(
        _ attempts: [AttemptID], lease: Duration
    ) async throws(StoreError) -> [HeartbeatOutcome] {
        try await perform(.heartbeat) { () async throws(StoreError) in
            try await inner.heartbeat(attempts, lease: lease)
        }
    }

    public func report(_ progress: [ProgressReport]) async throws(StoreError) {
        try await perform(.report) { () async throws(StoreError) in try await inner.report(progress) }
    }

    public func cancel(
        _ ids: [TaskID], grace: Duration
    ) async throws(StoreError) -> [ChangeOutcome] {
        try await perform(.cancel) { () async throws(StoreError) in
            try await inner.cancel(ids, grace: grace)
        }
    }

    public func requeue(_ ids: [TaskID]) async throws(StoreError) -> [ChangeOutcome] {
        try await perform(.requeue) { () async throws(StoreError) in try await inner.requeue(ids) }
    }

    public func setLimit(_ limit: Int?, ofType type: String) async throws(StoreError) {
        try await perform(.setLimit) { () async throws(StoreError) in
            try await inner.setLimit(limit, ofType: type)
        }
    }

    public func setPaused(_ paused: Bool, type: String) async throws(StoreError) {
        try await perform(.setPaused) { () async throws(StoreError) in
            try await inner.setPaused(paused, type: type)
        }
    }

    public func removeTypes(
        _ types: [String], evenIfSet: Bool
    ) async throws(StoreError) -> [TypeRemoval] {
        try await perform(.removeTypes) { () async throws(StoreError) in
            try await inner.removeTypes(types, evenIfSet: evenIfSet)
        }
    }

    public func sweep(
        limit: Int, draw: SweepDraw, unless isTooLate: @escaping @Sendable () -> Bool
    ) async throws(StoreError) -> SweepResult {
        try await perform(.sweep) { () async throws(StoreError) in
            try await inner.sweep(limit: limit, draw: draw, unless: isTooLate)
        }
    }

    public func prune(_ retention: Retention, limit: Int) async throws(StoreError) -> Int {
        try await perform(.prune) { () async throws(StoreError) in
            try await inner.prune(retention, limit: limit)
        }
    }

    public func now() async throws(StoreError) -> Timestamp {
        try await perform(.now) { () async throws(StoreError) in try await inner.now() }
    }

    public func task(_ id: TaskID) async throws(StoreError) -> TaskRecord? {
        try await perform(.task) { () async throws(StoreError) in try await inner.task(id) }
    }

    public func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage {
        try await perform(.tasks) { () async throws(StoreError) in try await inner.tasks(query) }
    }

    public func statistics() async throws(StoreError) -> StoreStatistics {
        try await perform(.statistics) { () async throws(StoreError) in try await inner.statistics() }
    }

    public func types() async throws(StoreError) -> [TypeState] {
        try await perform(.types) { () async throws(StoreError) in try await inner.types() }
    }

    public func check() async throws(StoreError) {
        try await perform(.check) { () async throws(StoreError) in try await inner.check() }
    }

    public func signals() -> AsyncStream<StoreSignal> {
        inner.signals()
    }

    /// Lets every held call go on, then closes the inner store, if that is its business.
    public func close() async {
        for verb in StoreVerb.allCases { release(verb) }
        if closesInner { await inner.close() }
    }
}
