/// The part of a ``Store`` that holds the tasks, and takes every step of theirs.
public protocol TaskStore: Sendable {
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

    // MARK: Maintenance

    /// Applies what time alone has made due, up to `limit` tasks: schedules, queue timeouts, lost
    /// leases, deadlines. `draw` gives each task whose attempt ends its own random number for back-off.
    ///
    /// - Parameter time: For how long anything may change, asked as late as the store can. The process may stand still at any
    ///   moment, even between its question and the store's work: what would change later than that does not change, and
    ///   something is said to be due at once.
    func sweep(
        limit: Int, draw: SweepDraw, within time: @escaping @Sendable () -> Duration
    ) async throws(StoreError) -> SweepResult

    /// Removes up to `limit` ended tasks: those that ended longer ago than `retention.age`, and, beyond
    /// `retention.count`, those that were made first. Answers how many it removed. Events that are too old
    /// go as well.
    func prune(_ retention: Retention, limit: Int) async throws(StoreError) -> Int

    // MARK: Questions

    /// The task; nil if there is none.
    func task(_ id: TaskID) async throws(StoreError) -> TaskRecord?

    /// One page of tasks, newest first; it ends early, after at least one task, once their payloads and
    /// results pass `query.maxBytes`. The page after it costs as much as the first, however many came before.
    ///
    /// A store may list what it keeps in no order of identifiers behind everything else, in its own order, as long as whoever
    /// follows ``TaskPage/next`` finds each task once that stays where it is.
    func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage
}

extension TaskStore {
    /// The same, however late.
    public func sweep(limit: Int, draw: SweepDraw) async throws(StoreError) -> SweepResult {
        try await sweep(limit: limit, draw: draw, within: { .seconds(86_400) })
    }
}
