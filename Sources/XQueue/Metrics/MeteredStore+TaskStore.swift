import XQueueCore

extension MeteredStore: TaskStore {
    var name: String { inner.name }
    var isExclusive: Bool { inner.isExclusive }

    func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome] {
        try await time(.insert) { () async throws(StoreError) in try await inner.insert(tasks) }
    }

    func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult {
        try await time(.claim) { () async throws(StoreError) in try await inner.claim(request) }
    }

    func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
        try await time(.settle) { () async throws(StoreError) in try await inner.settle(settlements) }
    }

    func heartbeat(_ attempts: [AttemptID], lease: Duration) async throws(StoreError) -> [HeartbeatOutcome] {
        try await time(.heartbeat) { () async throws(StoreError) in
            try await inner.heartbeat(attempts, lease: lease)
        }
    }

    func report(_ progress: [ProgressReport]) async throws(StoreError) {
        try await time(.report) { () async throws(StoreError) in try await inner.report(progress) }
    }

    func cancel(_ ids: [TaskID], grace: Duration) async throws(StoreError) -> [ChangeOutcome] {
        try await time(.cancel) { () async throws(StoreError) in try await inner.cancel(ids, grace: grace) }
    }

    func requeue(_ ids: [TaskID]) async throws(StoreError) -> [ChangeOutcome] {
        try await time(.requeue) { () async throws(StoreError) in try await inner.requeue(ids) }
    }

    func setLimit(_ limit: Int?, ofType type: String) async throws(StoreError) {
        try await time(.setLimit) { () async throws(StoreError) in
            try await inner.setLimit(limit, ofType: type)
        }
    }

    func setPaused(_ paused: Bool, type: String) async throws(StoreError) {
        try await time(.setPaused) { () async throws(StoreError) in
            try await inner.setPaused(paused, type: type)
        }
    }

    func removeTypes(
        _ types: [String], evenIfSet: Bool
    ) async throws(StoreError) -> [TypeRemoval] {
        try await time(.removeTypes) { () async throws(StoreError) in
            try await inner.removeTypes(types, evenIfSet: evenIfSet)
        }
    }

    func sweep(
        limit: Int, draw: SweepDraw, unless isTooLate: @escaping @Sendable () -> Bool
    ) async throws(StoreError) -> SweepResult {
        try await time(.sweep) { () async throws(StoreError) in
            try await inner.sweep(limit: limit, draw: draw, unless: isTooLate)
        }
    }

    func prune(_ retention: Retention, limit: Int) async throws(StoreError) -> Int {
        try await time(.prune) { () async throws(StoreError) in
            try await inner.prune(retention, limit: limit)
        }
    }

    func birth() async throws(StoreError) -> StoreBirth? {
        try await time(.birth) { () async throws(StoreError) in try await inner.birth() }
    }

    func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError) {
        try await time(.register) { () async throws(StoreError) in
            try await inner.register(node, lifetime: lifetime)
        }
    }

    func unregister(_ nodeID: String) async throws(StoreError) {
        try await time(.unregister) { () async throws(StoreError) in try await inner.unregister(nodeID) }
    }

    func nodes() async throws(StoreError) -> [NodeRecord] {
        try await time(.nodes) { () async throws(StoreError) in try await inner.nodes() }
    }

    func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool {
        try await time(.hold) { () async throws(StoreError) in
            try await inner.hold(lease, by: nodeID, for: duration)
        }
    }

    func release(_ lease: ClusterLease, by nodeID: String) async throws(StoreError) {
        try await time(.release) { () async throws(StoreError) in try await inner.release(lease, by: nodeID) }
    }

    func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage {
        guard waiting > .zero else {
            return try await time(.events) { () async throws(StoreError) in
                try await inner.events(after: cursor, limit: limit, waiting: waiting)
            }
        }
        do throws(StoreError) {
            return try await inner.events(after: cursor, limit: limit, waiting: waiting)
        } catch {
            failed(.events, error)
            throw error
        }
    }

    func lastEvent() async throws(StoreError) -> EventCursor {
        try await time(.lastEvent) { () async throws(StoreError) in try await inner.lastEvent() }
    }

    func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor {
        try await time(.sinkCursor) { () async throws(StoreError) in try await inner.sinkCursor(sink) }
    }

    func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool {
        try await time(.acknowledge) { () async throws(StoreError) in
            try await inner.acknowledge(sink, upTo: cursor, by: nodeID)
        }
    }

    func now() async throws(StoreError) -> Timestamp {
        try await time(.now) { () async throws(StoreError) in try await inner.now() }
    }

    func task(_ id: TaskID) async throws(StoreError) -> TaskRecord? {
        try await time(.task) { () async throws(StoreError) in try await inner.task(id) }
    }

    func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage {
        try await time(.tasks) { () async throws(StoreError) in try await inner.tasks(query) }
    }

    func statistics() async throws(StoreError) -> StoreStatistics {
        try await time(.statistics) { () async throws(StoreError) in try await inner.statistics() }
    }

    func types() async throws(StoreError) -> [TypeState] {
        try await time(.types) { () async throws(StoreError) in try await inner.types() }
    }

    func check() async throws(StoreError) {
        try await time(.check) { () async throws(StoreError) in try await inner.check() }
    }

    func signals() -> AsyncStream<StoreSignal> { inner.signals() }

    func close() async { await inner.close() }
}
