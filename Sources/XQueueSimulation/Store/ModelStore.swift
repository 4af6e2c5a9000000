import Synchronization
package import XQueueCore
import XQueueStoreKit

/// A store in memory that is as simple as its contract allows: a dictionary of records, and the pure state machine.
///
/// It passes the conformance suite and the model test that every store passes, so what a simulation shows on it holds for the
/// others as well, as far as those follow the contract.
package final class ModelStore: Store {
    package let name = "model"
    package let capabilities: StoreCapabilities = [.globalOrder, .exactTypeLimits, .gapFreeCursors]

    private let clock: any QueueClock
    private let state: Mutex<ModelState>
    private let local: LocalNodes
    private let signalHub = SignalHub()
    private let bell = EventBell()
    private let born: StoreBirth
    /// Called after each call with the changes it made, in order.
    private let changed: @Sendable ([RecordChange]) -> Void

    /// - Parameters:
    ///   - clock: The store's clock.
    ///   - limits: The limits it enforces.
    ///   - keepsTokens: A fault, for tests: a token whose attempt loses its lease is not given back.
    ///   - forgetsBlocked: A fault, for tests: a task that waits for the end of another is never unblocked.
    ///   - changed: Called after each call with the changes it made, in order.
    package init(
        clock: any QueueClock, limits: StoreLimits = StoreLimits(), keepsTokens: Bool = false,
        forgetsBlocked: Bool = false,
        changed: @escaping @Sendable ([RecordChange]) -> Void = { _ in }
    ) {
        self.clock = clock
        self.changed = changed
        state = Mutex(ModelState(limits: limits, keepsTokens: keepsTokens, forgetsBlocked: forgetsBlocked))
        local = LocalNodes(clock: clock)
        born = StoreBirth(id: "model", bornAt: clock.now())
    }

    /// One call: a step of the state, and the signals and events it leads to.
    func change<Value: Sendable>(
        _ body: (inout ModelState, Timestamp) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let now = clock.now()
        let (value, news) = try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw StoreError(.closed, "the store has been closed") }
            let value = try body(&state, now)
            return (value, state.takeNews(at: now))
        }
        for signal in news.signals { signalHub.send(signal) }
        if news.hasEvents { bell.ring() }
        if !news.changes.isEmpty { changed(news.changes) }
        return value
    }

    // MARK: - Store

    package func now() async throws(StoreError) -> Timestamp {
        try change { (_, now) throws(StoreError) in now }
    }

    package func check() async throws(StoreError) {
        try change { (_, _) throws(StoreError) in }
    }

    package func signals() -> AsyncStream<StoreSignal> { signalHub.listen() }

    package func close() async {
        state.withLock { $0.isClosed = true }
        local.close()
        bell.close()
        signalHub.finish()
    }
}

// MARK: - Tasks

extension ModelStore {
    package func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome] {
        try change { (state, now) throws(StoreError) in try state.insert(tasks, at: now) }
    }

    package func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult {
        if let birth = request.birth, birth != born.id {
            throw StoreError(.replaced, "the store holds other data")
        }
        return try change { (state, now) throws(StoreError) in state.claim(request, at: now) }
    }

    package func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
        try change { (state, now) throws(StoreError) in settlements.map { state.settle($0, at: now) } }
    }

    package func heartbeat(
        _ attempts: [AttemptID], lease: Duration
    ) async throws(StoreError) -> [HeartbeatOutcome] {
        try change { (state, now) throws(StoreError) in
            attempts.map { state.heartbeat($0, lease: lease, at: now) }
        }
    }

    package func report(_ progress: [ProgressReport]) async throws(StoreError) {
        try change { (state, now) throws(StoreError) in state.report(progress, at: now) }
    }

    package func cancel(_ ids: [TaskID], grace: Duration) async throws(StoreError) -> [ChangeOutcome] {
        try change { (state, now) throws(StoreError) in
            ids.map { state.cancel($0, grace: grace, at: now) }
        }
    }

    package func requeue(_ ids: [TaskID]) async throws(StoreError) -> [ChangeOutcome] {
        try change { (state, now) throws(StoreError) in ids.map { state.requeue($0, at: now) } }
    }

    package func rewrite(_ rewrite: TaskRewrite) async throws(StoreError) -> ChangeOutcome {
        try change { (state, now) throws(StoreError) in state.rewrite(rewrite, at: now) }
    }

    package func sweep(
        limit: Int, draw: SweepDraw, within time: @escaping @Sendable () -> Duration
    ) async throws(StoreError) -> SweepResult {
        try change { (state, now) throws(StoreError) in
            guard time() > .zero else { return .none }
            return state.sweep(limit: limit, draw: draw, at: now)
        }
    }

    package func prune(_ retention: Retention, limit: Int) async throws(StoreError) -> Int {
        try change { (state, now) throws(StoreError) in state.prune(retention, limit: limit, at: now) }
    }

    package func task(_ id: TaskID) async throws(StoreError) -> TaskRecord? {
        try change { (state, _) throws(StoreError) in state.records[id] }
    }

    package func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage {
        try change { (state, _) throws(StoreError) in state.page(query) }
    }

    /// The records, without a call: for those who watch.
    package var schedules: [String: ScheduleRecord] { state.withLock { $0.schedules } }

    package var records: [TaskID: TaskRecord] { state.withLock { $0.records } }

    /// The task's record, without a call.
    package func record(of id: TaskID) -> TaskRecord? { state.withLock { $0.records[id] } }

    /// The limit and the pause of a type, without a call.
    package func setting(of type: String) -> ModelState.TypeSetting {
        state.withLock { $0.types[type] ?? ModelState.TypeSetting() }
    }
}

// MARK: - Types

extension ModelStore {
    package func setLimit(_ limit: Int?, ofType type: String) async throws(StoreError) {
        try change { (state, _) throws(StoreError) in state.set(type) { $0.limit = limit } }
    }

    package func setPaused(_ paused: Bool, type: String) async throws(StoreError) {
        try change { (state, _) throws(StoreError) in state.set(type) { $0.isPaused = paused } }
    }

    package func removeTypes(
        _ types: [String], evenIfSet: Bool
    ) async throws(StoreError) -> [TypeRemoval] {
        try change { (state, _) throws(StoreError) in
            types.map { state.remove($0, evenIfSet: evenIfSet) }
        }
    }

    package func types() async throws(StoreError) -> [TypeState] {
        try change { (state, _) throws(StoreError) in state.typeStates }
    }

    package func statistics() async throws(StoreError) -> StoreStatistics {
        try change { (state, now) throws(StoreError) in state.statistics(at: now) }
    }
}

// MARK: - Cluster

extension ModelStore {
    package func birth() async throws(StoreError) -> StoreBirth? { born }

    package func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError) {
        try local.register(node, lifetime: lifetime)
    }

    package func unregister(_ nodeID: String) async throws(StoreError) { try local.unregister(nodeID) }

    package func nodes() async throws(StoreError) -> [NodeRecord] { try local.live() }

    package func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool {
        try local.hold(lease, by: nodeID, for: duration)
    }

    package func release(_ lease: ClusterLease, by nodeID: String) async throws(StoreError) {
        try local.release(lease, by: nodeID)
    }
}

// MARK: - Event log

extension ModelStore {
    package func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage {
        let deadline = clock.instant() + waiting
        while true {
            let rings = bell.rings
            let page = try change { (state, _) throws(StoreError) in
                state.log.page(after: cursor, limit: limit)
            }
            let mayWait = page.events.isEmpty && !page.isReset && !page.isRewound
            guard mayWait, clock.instant() < deadline, !Task.isCancelled else { return page }
            await bell.wait(past: rings, until: deadline, clock: clock)
        }
    }

    package func lastEvent() async throws(StoreError) -> EventCursor {
        try change { (state, _) throws(StoreError) in state.log.last }
    }

    package func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor {
        try change { (state, _) throws(StoreError) in state.sinks[sink] ?? .start }
    }

    package func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool {
        guard try local.has(.sink(sink), nodeID) else { return false }
        try change { (state, _) throws(StoreError) in state.sinks[sink] = cursor }
        return true
    }

    /// The newest event, without a call.
    package var lastEventCursor: EventCursor { state.withLock { $0.log.last } }
}

// MARK: - Transfers

extension ModelStore {
    package func copies(_ query: TaskQuery) async throws(StoreError) -> TransferPage {
        try change { (state, now) throws(StoreError) in
            let page = state.page(query)
            let copies = page.tasks.map {
                TaskCopy(
                    $0, givenRunAt: state.givenRunAts[$0.id],
                    holdsUniqueKey: state.uniqueKeys.holds($0, at: now))
            }
            return TransferPage(copies: copies, total: page.total, next: page.next)
        }
    }

    package func adopt(_ copies: [TaskCopy], note: String) async throws(StoreError) -> [Adoption] {
        try change { (state, now) throws(StoreError) in
            state.note = note
            return copies.map { state.adopt($0, at: now) }
        }
    }

    package func endTransfer(note: String) async throws(StoreError) {
        try change { (state, _) throws(StoreError) in
            state.note = note
            state.unpark()
        }
    }

    package func transferNote() async throws(StoreError) -> String? {
        try change { (state, _) throws(StoreError) in state.note }
    }
}
