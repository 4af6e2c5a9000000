/// A store that forwards its calls to another one and changes what happens around some of them.
///
/// Every call is forwarded, so a decorator implements only what it changes: ``call(_:_:)``, through which all
/// calls that may fail go, or individual calls.
///
/// ```swift
/// struct CountingStore: StoreDecorator {
///     let base: any Store
///     let counter: Counter
///
///     func call<Value: Sendable>(
///         _ verb: StoreVerb, _ body: () async throws(StoreError) -> Value
///     ) async throws(StoreError) -> Value {
///         counter.increment()
///         return try await body()
///     }
/// }
/// ```
public protocol StoreDecorator: Store {
    /// The store that does the work.
    var base: any Store { get }

    /// Makes one call of ``base``.
    ///
    /// - Parameters:
    ///   - verb: Which call it is.
    ///   - body: Makes the call. An implementation may skip it and return another value or throw another error.
    func call<Value: Sendable>(
        _ verb: StoreVerb, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value
}

/// A store's calls that may fail: all but its name, capabilities, signals and close.
public enum StoreVerb: String, Sendable, Hashable, CaseIterable {
    case insert, claim, settle, heartbeat, report
    case cancel, requeue, rewrite, setLimit, setPaused, removeTypes
    case sweep, prune
    case save, removeSchedule, schedule, schedules, dueSchedules
    case birth, register, unregister, nodes, hold, release
    case events, lastEvent, sinkCursor, acknowledge
    case copies, adopt, endTransfer, transferNote
    case now, task, tasks, statistics, types, check
}

extension StoreDecorator {
    public func call<Value: Sendable>(
        _ verb: StoreVerb, _ body: () async throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        try await body()
    }

    public var name: String { base.name }
    public var capabilities: StoreCapabilities { base.capabilities }

    public func now() async throws(StoreError) -> Timestamp {
        try await call(.now) { () async throws(StoreError) in try await base.now() }
    }

    public func check() async throws(StoreError) {
        try await call(.check) { () async throws(StoreError) in try await base.check() }
    }

    public func signals() -> AsyncStream<StoreSignal> { base.signals() }

    public func close() async { await base.close() }
}

// MARK: - Tasks

extension StoreDecorator {
    public func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome] {
        try await call(.insert) { () async throws(StoreError) in try await base.insert(tasks) }
    }

    public func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult {
        try await call(.claim) { () async throws(StoreError) in try await base.claim(request) }
    }

    public func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome] {
        try await call(.settle) { () async throws(StoreError) in try await base.settle(settlements) }
    }

    public func heartbeat(
        _ attempts: [AttemptID], lease: Duration
    ) async throws(StoreError) -> [HeartbeatOutcome] {
        try await call(.heartbeat) { () async throws(StoreError) in
            try await base.heartbeat(attempts, lease: lease)
        }
    }

    public func report(_ progress: [ProgressReport]) async throws(StoreError) {
        try await call(.report) { () async throws(StoreError) in try await base.report(progress) }
    }

    public func cancel(_ ids: [TaskID], grace: Duration) async throws(StoreError) -> [ChangeOutcome] {
        try await call(.cancel) { () async throws(StoreError) in try await base.cancel(ids, grace: grace) }
    }

    public func requeue(_ ids: [TaskID]) async throws(StoreError) -> [ChangeOutcome] {
        try await call(.requeue) { () async throws(StoreError) in try await base.requeue(ids) }
    }

    public func rewrite(_ rewrite: TaskRewrite) async throws(StoreError) -> ChangeOutcome {
        try await call(.rewrite) { () async throws(StoreError) in try await base.rewrite(rewrite) }
    }

    public func sweep(
        limit: Int, draw: SweepDraw, within time: @escaping @Sendable () -> Duration
    ) async throws(StoreError) -> SweepResult {
        try await call(.sweep) { () async throws(StoreError) in
            try await base.sweep(limit: limit, draw: draw, within: time)
        }
    }

    public func prune(_ retention: Retention, limit: Int) async throws(StoreError) -> Int {
        try await call(.prune) { () async throws(StoreError) in
            try await base.prune(retention, limit: limit)
        }
    }

    public func task(_ id: TaskID) async throws(StoreError) -> TaskRecord? {
        try await call(.task) { () async throws(StoreError) in try await base.task(id) }
    }

    public func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage {
        try await call(.tasks) { () async throws(StoreError) in try await base.tasks(query) }
    }
}

// MARK: - Types

extension StoreDecorator {
    public func setLimit(_ limit: Int?, ofType type: String) async throws(StoreError) {
        try await call(.setLimit) { () async throws(StoreError) in
            try await base.setLimit(limit, ofType: type)
        }
    }

    public func setPaused(_ paused: Bool, type: String) async throws(StoreError) {
        try await call(.setPaused) { () async throws(StoreError) in
            try await base.setPaused(paused, type: type)
        }
    }

    public func removeTypes(
        _ types: [String], evenIfSet: Bool
    ) async throws(StoreError) -> [TypeRemoval] {
        try await call(.removeTypes) { () async throws(StoreError) in
            try await base.removeTypes(types, evenIfSet: evenIfSet)
        }
    }

    public func types() async throws(StoreError) -> [TypeState] {
        try await call(.types) { () async throws(StoreError) in try await base.types() }
    }

    public func statistics() async throws(StoreError) -> StoreStatistics {
        try await call(.statistics) { () async throws(StoreError) in try await base.statistics() }
    }
}

// MARK: - Schedules

extension StoreDecorator {
    public func save(
        _ schedule: ScheduleRecord, firing tasks: [NewTask], events: [ScheduleEvent]
    ) async throws(StoreError) -> ScheduleOutcome {
        try await call(.save) { () async throws(StoreError) in
            try await base.save(schedule, firing: tasks, events: events)
        }
    }

    public func removeSchedule(_ name: String, version: Int?) async throws(StoreError) -> ScheduleOutcome {
        try await call(.removeSchedule) { () async throws(StoreError) in
            try await base.removeSchedule(name, version: version)
        }
    }

    public func schedule(_ name: String) async throws(StoreError) -> ScheduleRecord? {
        try await call(.schedule) { () async throws(StoreError) in try await base.schedule(name) }
    }

    public func schedules(after name: String?, limit: Int) async throws(StoreError) -> [ScheduleRecord] {
        try await call(.schedules) { () async throws(StoreError) in
            try await base.schedules(after: name, limit: limit)
        }
    }

    public func dueSchedules(limit: Int) async throws(StoreError) -> DueSchedules {
        try await call(.dueSchedules) { () async throws(StoreError) in
            try await base.dueSchedules(limit: limit)
        }
    }
}

// MARK: - Cluster

extension StoreDecorator {
    public func birth() async throws(StoreError) -> StoreBirth? {
        try await call(.birth) { () async throws(StoreError) in try await base.birth() }
    }

    public func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError) {
        try await call(.register) { () async throws(StoreError) in
            try await base.register(node, lifetime: lifetime)
        }
    }

    public func unregister(_ nodeID: String) async throws(StoreError) {
        try await call(.unregister) { () async throws(StoreError) in try await base.unregister(nodeID) }
    }

    public func nodes() async throws(StoreError) -> [NodeRecord] {
        try await call(.nodes) { () async throws(StoreError) in try await base.nodes() }
    }

    public func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool {
        try await call(.hold) { () async throws(StoreError) in
            try await base.hold(lease, by: nodeID, for: duration)
        }
    }

    public func release(_ lease: ClusterLease, by nodeID: String) async throws(StoreError) {
        try await call(.release) { () async throws(StoreError) in try await base.release(lease, by: nodeID) }
    }
}

// MARK: - Event log

extension StoreDecorator {
    public func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage {
        try await call(.events) { () async throws(StoreError) in
            try await base.events(after: cursor, limit: limit, waiting: waiting)
        }
    }

    public func lastEvent() async throws(StoreError) -> EventCursor {
        try await call(.lastEvent) { () async throws(StoreError) in try await base.lastEvent() }
    }

    public func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor {
        try await call(.sinkCursor) { () async throws(StoreError) in try await base.sinkCursor(sink) }
    }

    public func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool {
        try await call(.acknowledge) { () async throws(StoreError) in
            try await base.acknowledge(sink, upTo: cursor, by: nodeID)
        }
    }
}

// MARK: - Transfers

extension StoreDecorator {
    public func copies(_ query: TaskQuery) async throws(StoreError) -> TransferPage {
        try await call(.copies) { () async throws(StoreError) in try await base.copies(query) }
    }

    public func adopt(_ copies: [TaskCopy], note: String) async throws(StoreError) -> [Adoption] {
        try await call(.adopt) { () async throws(StoreError) in try await base.adopt(copies, note: note) }
    }

    public func endTransfer(note: String) async throws(StoreError) {
        try await call(.endTransfer) { () async throws(StoreError) in try await base.endTransfer(note: note) }
    }

    public func transferNote() async throws(StoreError) -> String? {
        try await call(.transferNote) { () async throws(StoreError) in try await base.transferNote() }
    }
}
