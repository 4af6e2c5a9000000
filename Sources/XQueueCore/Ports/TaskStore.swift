/// The part of a ``Store`` that holds the tasks and takes their steps.
public protocol TaskStore: Sendable {
    // MARK: Submission

    /// Accepts all of `tasks`, in order, or throws and accepts none.
    ///
    /// A task whose identifier is known yields that existing task. One whose unique key another task holds does
    /// what its ``NewTask/onConflict`` says. Once the payloads and results of the tasks that others yield exceed
    /// ``ModelLimits/answerBytes``, further ones are abridged.
    func insert(_ tasks: [NewTask]) async throws(StoreError) -> [InsertOutcome]

    // MARK: Workers

    /// Hands out up to `request.count` ready tasks, to one share after another, each time the best ones; fewer, but at
    /// least one, once their payloads exceed `request.maxBytes`.
    ///
    /// - Throws: ``StoreError/Code/replaced``, without handing out anything, if the store's mark is not
    ///   `request.birth`.
    func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult

    /// Settles attempts, independently of each other. Returns the outcomes in order.
    func settle(_ settlements: [Settlement]) async throws(StoreError) -> [SettleOutcome]

    /// Extends leases to `lease` from now. Returns the outcomes in order.
    func heartbeat(
        _ attempts: [AttemptID], lease: Duration
    ) async throws(StoreError) -> [HeartbeatOutcome]

    /// Records the progress of attempts. An attempt that lost its lease changes nothing.
    func report(_ progress: [ProgressReport]) async throws(StoreError)

    // MARK: Operators

    /// Cancels tasks; running ones have `grace` to stop. Returns the outcomes in order.
    func cancel(_ ids: [TaskID], grace: Duration) async throws(StoreError) -> [ChangeOutcome]

    /// Makes ended tasks pending again. Returns the outcomes in order.
    func requeue(_ ids: [TaskID]) async throws(StoreError) -> [ChangeOutcome]

    /// Gives a waiting task another definition.
    func rewrite(_ rewrite: TaskRewrite) async throws(StoreError) -> ChangeOutcome

    // MARK: Maintenance

    /// Applies what has become due, to at most `limit` tasks: schedules, queue timeouts, lost leases,
    /// deadlines. `draw` gives each task whose attempt ends its own random number for back-off.
    ///
    /// - Parameter time: How long from now changes are allowed, asked as late as the store can. The process may
    ///   be suspended at any moment, even between this call and the store's work: a change that would come
    ///   later is not made, and the result says that something is due now.
    func sweep(
        limit: Int, draw: SweepDraw, within time: @escaping @Sendable () -> Duration
    ) async throws(StoreError) -> SweepResult

    /// Removes up to `limit` ended tasks: those that ended longer ago than `retention.age`, and, beyond
    /// `retention.count`, those that were created first. Also removes events that are too old. Returns the
    /// number of tasks removed.
    func prune(_ retention: Retention, limit: Int) async throws(StoreError) -> Int

    // MARK: Queries

    /// The task; nil if it does not exist.
    func task(_ id: TaskID) async throws(StoreError) -> TaskRecord?

    /// Returns one page of tasks, newest first. It ends early, after at least one task, once their payloads and
    /// results exceed `query.maxBytes`. Every page costs the same, however many came before it.
    ///
    /// A store may list tasks that it does not keep ordered by identifier after all others, in an order of its
    /// own, as long as a caller that follows ``TaskPage/next`` finds each task that stays in place exactly
    /// once.
    func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage
}

extension TaskStore {
    /// The same, without a time limit.
    public func sweep(limit: Int, draw: SweepDraw) async throws(StoreError) -> SweepResult {
        try await sweep(limit: limit, draw: draw, within: { .seconds(86_400) })
    }
}
