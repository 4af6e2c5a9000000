import Logging
import XQueueCore

/// The life cycle of an attempt, local or remote:
///
/// ```
/// claimed ─► running ─► ended ─► settled
///               └─ asked to stop: canceled, timed out, lease lost, shutdown
/// ```
///
/// ``WorkerPool`` holds the attempts of this process's handlers, ``LeaseDesk`` those of remote workers. This type has
/// what both share: the store's calls at each step, the meaning of each end, and what is counted.
struct Attempts: Sendable {
    let store: any Store
    let births: BirthWatch
    let returns: ReturnPacer
    let configuration: QueueConfiguration
    let context: EngineContext

    init(store: any Store, births: BirthWatch, configuration: QueueConfiguration, context: EngineContext) {
        self.store = store
        self.births = births
        self.configuration = configuration
        self.context = context
        returns = ReturnPacer(clock: context.clock)
    }

    // MARK: - Claimed

    /// What a claim returned.
    struct Claim {
        /// The tasks of each share, best first.
        let tasks: [[TaskRecord]]
        /// Whether more may be ready.
        let hasMore: Bool
        let terms: LeaseTerms
    }

    /// Claims tasks.
    ///
    /// - Parameters:
    ///   - shares: The workers and what they ask for, in the order in which they are served.
    ///   - isRemote: Whether the workers are programs of their own, whose attempts outlive this node.
    ///   - maxBytes: Limit for the total size of payloads; the first task is returned even if it is larger.
    func claim(
        _ shares: [ClaimShare], isRemote: Bool, maxBytes: Int = ModelLimits.answerBytes
    ) async throws(StoreError) -> Claim {
        let grant = ClaimGrant(
            token: LeaseToken(random: context.random), workerID: shares.first?.workerID ?? "",
            isRemote: isRemote, lease: configuration.leaseDuration, grace: configuration.gracePeriod)
        let request = ClaimRequest(shares, grant: grant, maxBytes: maxBytes)
        let askedAt = context.clock.instant()
        let result = try await births.claim(request)
        return Claim(
            tasks: request.split(result.tasks), hasMore: result.hasMore,
            terms: LeaseTerms(
                askedAt: askedAt, claimedAt: context.clock.instant(), lease: grant.lease, grace: grant.grace))
    }

    /// Releases tasks that were claimed but never started, so that another worker can have them immediately.
    func release(_ tasks: [TaskRecord]) async {
        let releases = tasks.compactMap { record in
            record.lease.map {
                Settlement(attempt: AttemptID(taskID: record.id, token: $0.token), outcome: .release)
            }
        }
        guard !releases.isEmpty else { return }
        do throws(StoreError) {
            _ = try await store.settle(releases)
        } catch {
            // Their leases expire.
            context.logger.debug("Could not release tasks", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Running

    /// Starts the attempt of a claimed task; nil if the task has no lease.
    func begin(_ record: TaskRecord, _ terms: LeaseTerms) -> Attempt? {
        let metrics = context.metrics.work(record.type)
        guard let attempt = Attempt(record, terms, metrics) else { return nil }
        metrics.started(record)
        return attempt
    }

    /// Returns the current attempt of a stored task that this node did not know; nil if it has none.
    func recall(_ record: TaskRecord, storeTime: Timestamp, now: MonotonicInstant) -> Attempt? {
        Attempt(record, storeTime: storeTime, now: now, context.metrics.work(record.type))
    }

    /// Extends leases.
    ///
    /// - Returns: The store's answer for each, in order, and the new end of the leases that were extended.
    func confirm(
        _ attempts: [AttemptID]
    ) async throws(StoreError) -> (answers: [HeartbeatOutcome], leaseEndsAt: MonotonicInstant) {
        let askedAt = context.clock.instant()
        let answers = try await store.heartbeat(attempts, lease: configuration.leaseDuration)
        return (answers, askedAt + configuration.leaseDuration)
    }

    // MARK: - Ended

    /// Returns what the end of an attempt means for its task.
    ///
    /// - Parameters:
    ///   - end: How the attempt ended.
    ///   - task: The attempt's task.
    ///   - timeout: The process timeout, if it had elapsed.
    ///   - isStopping: Whether the worker claims no more tasks, and so cannot get this one again.
    func outcome(
        of end: AttemptEnd, _ task: TaskID, timedOutAfter timeout: Duration?, isStopping: Bool = false
    ) -> AttemptOutcome {
        switch end {
        case .release(let delay):
            // A task that is released over and over must not keep a worker from others.
            let wait = delay > .zero || isStopping ? delay : returns.delay(of: task)
            return wait > .zero ? .snooze(wait) : .release
        case .snooze(let delay) where timeout == nil:
            return .snooze(delay > .zero ? delay : returns.delay(of: task))
        case .success(let result) where timeout == nil:
            returns.forget(task)
            return .success(result)
        case .failure(let failure) where timeout == nil:
            returns.forget(task)
            return .failure(failure, draw: context.random.draw())
        case .success, .failure, .snooze:
            // Too late: the timeout decides.
            returns.forget(task)
            return .failure(.processTimeout(timeout ?? .zero), draw: context.random.draw())
        }
    }

    // MARK: - Settled

    /// Records the store's answer to the end of an attempt.
    ///
    /// - Parameters:
    ///   - settlement: The end.
    ///   - answer: The store's answer.
    ///   - metrics: The instruments of the attempt's type; nil if the type is unknown.
    func settled(_ settlement: Settlement, _ answer: SettleOutcome, _ metrics: WorkMetrics?) {
        metrics?.settled(settlement.outcome, answer)
        guard case .rejected(let rejection) = answer else { return }
        context.logger.debug(
            "Attempt ended too late",
            metadata: ["task.id": "\(settlement.attempt.taskID)", "reason": "\(rejection.rawValue)"])
    }
}
