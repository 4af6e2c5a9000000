/// The port to where tasks live, and the only truth about them.
///
/// A conforming store promises, and the conformance suite in `XQueueTesting` checks:
///
/// - Every call is atomic: all of it happens, durably, or none of it.
/// - It takes each step exactly as ``TaskStateMachine`` does, by its own clock.
/// - Tokens of a concurrency key and slots of a type are taken in `claim` and given back by whatever
///   ends the attempt, in the same step. A token is the `processing` task itself, so none can leak.
/// - Among the tasks a claim may take, larger priority comes first, then the smaller identifier.
/// - A task whose key has no free token is parked and passed by. As soon as a token is free, the best
///   parked task of each type under that key is ready again.
///
/// Concurrent callers are welcome: a store gathers them into one commit.
public protocol TaskStore: Sendable {
    /// What the store is, for people: `sqlite`.
    var name: String { get }

    /// Whether this process has the store to itself: then no other can ever take over its attempts.
    var isExclusive: Bool { get }

    // MARK: Verbs of submission

    /// Accepts all of `tasks`, in order, or throws and accepts none.
    ///
    /// A task whose unique key belongs to an unfinished task of the same type, or whose identifier is known, is
    /// answered with that task. Once the payloads and results of such tasks pass ``ModelLimits/answerBytes``, further
    /// ones are abridged.
    func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome]

    // MARK: Verbs of workers

    /// Hands out up to `request.count` ready tasks, best first; fewer, but at least one, once their payloads pass
    /// `request.maxBytes`.
    ///
    /// - Throws: ``StoreError/Code/replaced``, and hands out nothing, if the store's mark is not `request.birth`.
    func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult

    /// Ends attempts. The outcomes are independent of each other, and answered in order.
    func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome]

    /// Extends leases by `lease` from now. Answers in order whether each attempt may go on.
    func heartbeat(
        _ attempts: [AttemptID], lease: Duration
    ) async throws(StoreError) -> [HeartbeatOutcome]

    /// Records how far attempts have come. An attempt that lost its lease changes nothing.
    func report(_ progress: [ProgressReport]) async throws(StoreError)

    // MARK: Verbs of operators

    /// Cancels tasks; those that run have `grace` to stop. Answers in order.
    func cancel(_ ids: [TaskID], grace: Duration) async throws(StoreError) -> [ChangeOutcome]

    /// Makes ended tasks pending again. Answers in order.
    func requeue(_ ids: [TaskID]) async throws(StoreError) -> [ChangeOutcome]

    /// Sets the most tasks of `type` that may run at once, across all nodes; nil for no limit.
    func setLimit(_ limit: Int?, ofType type: String) async throws(StoreError)

    /// Holds back, or lets go, the claims of `type`. Running tasks are not touched.
    func setPaused(_ paused: Bool, type: String) async throws(StoreError)

    /// Forgets types that have no tasks, not even ended ones. Answers in order what became of each.
    ///
    /// - Parameter evenIfSet: Whether a type goes though it has a limit or is paused.
    func removeTypes(
        _ types: [String], evenIfSet: Bool
    ) async throws(StoreError) -> [TypeRemoval]

    // MARK: Maintenance

    /// Applies what time alone has made due, up to `limit` tasks: schedules, queue timeouts, lost
    /// leases, deadlines. `draw` gives each task whose attempt ends its own random number for back-off.
    ///
    /// - Parameter isTooLate: Asked as late as the store can, since the process may stand still at any moment. Then nothing
    ///   changes, and something is said to be due at once.
    func sweep(
        limit: Int, draw: SweepDraw, unless isTooLate: @escaping @Sendable () -> Bool
    ) async throws(StoreError) -> SweepResult

    /// Removes up to `limit` ended tasks: those that ended longer ago than `retention.age`, and, beyond
    /// `retention.count`, those that were made first. Answers how many it removed. Events that are too old
    /// go as well.
    func prune(_ retention: Retention, limit: Int) async throws(StoreError) -> Int

    // MARK: The cluster

    /// The mark of the store's data, drawn now if there is none; nil for a store whose data cannot be lost under
    /// a process that has it open.
    func birth() async throws(StoreError) -> StoreBirth?

    /// Announces a node, or renews it: the store forgets it `lifetime` after its last announcement.
    ///
    /// The record replaces the node's earlier one; its `lastSeenAt` is the store's own.
    func register(_ node: NodeRecord, lifetime: Duration) async throws(StoreError)

    /// Forgets a node at once. A node the store does not know is no error.
    func unregister(_ nodeID: String) async throws(StoreError)

    /// The live nodes, by identifier.
    func nodes() async throws(StoreError) -> [NodeRecord]

    /// Takes, or renews, a lease that one node of the cluster has at a time.
    ///
    /// - Returns: True if `nodeID` has the lease for `duration` from now: it was free or expired, or the
    ///   node's own.
    func hold(
        _ lease: ClusterLease, by nodeID: String, for duration: Duration
    ) async throws(StoreError) -> Bool

    /// Gives a lease back. If `nodeID` does not have it, nothing happens.
    func release(_ lease: ClusterLease, by nodeID: String) async throws(StoreError)

    // MARK: The event log

    /// Up to `limit` events that come after `cursor`, in order.
    ///
    /// Every call that changes a task's status or progress writes its events in the same atomic step. The
    /// log is capped: what is oldest goes first. A cursor of a log that is no longer there leads to the first
    /// event that is not older than its time.
    ///
    /// - Parameter waiting: If there is none, how long to wait for one. Answers an empty page then.
    func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage

    /// The place after the newest event.
    func lastEvent() async throws(StoreError) -> EventCursor

    /// Up to where a sink's events have been acknowledged; ``EventCursor/start`` for a new sink.
    func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor

    /// Records that a sink's events up to `cursor` have been acknowledged.
    ///
    /// - Returns: False, and nothing is recorded, if `nodeID` does not have the sink's lease.
    func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool

    // MARK: Questions

    /// What time it is by the store's clock, which dates everything.
    func now() async throws(StoreError) -> Timestamp

    func task(_ id: TaskID) async throws(StoreError) -> TaskRecord?

    /// One page of tasks, newest first; it ends early, after at least one task, once their payloads and
    /// results pass `query.maxBytes`.
    func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage

    func statistics() async throws(StoreError) -> StoreStatistics

    /// The types the store knows, with their limits.
    func types() async throws(StoreError) -> [TypeState]

    /// Throws what is wrong if the store could not accept a task now.
    func check() async throws(StoreError)

    // MARK: Signals

    /// What happens in the store, as hints that may be merged or lost: whoever listens looks for
    /// itself, and polls slowly as a safety net.
    func signals() -> AsyncStream<StoreSignal>

    /// Finishes what is under way and lets go of the store. Later calls throw `closed`.
    func close() async
}

extension TaskStore {
    public var isExclusive: Bool { false }

    /// The same, however late.
    public func sweep(limit: Int, draw: SweepDraw) async throws(StoreError) -> SweepResult {
        try await sweep(limit: limit, draw: draw, unless: { false })
    }
}
