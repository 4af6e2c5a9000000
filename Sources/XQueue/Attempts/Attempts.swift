import Logging
import XQueueCore

/// The life of an attempt, whoever runs it:
///
/// ```
/// claimed ─► running ─► ended ─► settled
///               └─ told to stop: canceled, timed out, lease lost, shutdown
/// ```
///
/// Two places hold attempts: ``WorkerPool`` those of this process's handlers, ``LeaseDesk`` those of remote workers. What
/// the store is asked at each step, what an end means, and what is counted is the same for both, and said here.
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

    /// What a claim has brought.
    struct Claim {
        /// Best first.
        let tasks: [TaskRecord]
        /// More may be ready.
        let hasMore: Bool
        let terms: LeaseTerms
    }

    /// Whom tasks are claimed for.
    enum Worker {
        /// This node, which runs them itself.
        case node(String)
        /// A program elsewhere, whose attempts outlive this node.
        case remote(String)
    }

    /// Claims tasks.
    ///
    /// - Parameters:
    ///   - types: The types that the worker serves.
    ///   - count: The most tasks.
    ///   - worker: Who runs them.
    ///   - maxBytes: Once their payloads pass so many bytes there are no more, after at least one.
    func claim(
        _ types: [String], upTo count: Int, for worker: Worker, maxBytes: Int = ModelLimits.answerBytes
    ) async throws(StoreError) -> Claim {
        let grant = grant(to: worker)
        let askedAt = context.clock.instant()
        let result = try await births.claim(
            ClaimRequest(types: types, count: count, grant: grant, maxBytes: maxBytes))
        return Claim(
            tasks: result.tasks, hasMore: result.hasMore,
            terms: LeaseTerms(
                askedAt: askedAt, claimedAt: context.clock.instant(), lease: grant.lease, grace: grant.grace))
    }

    private func grant(to worker: Worker) -> ClaimGrant {
        let (name, isRemote) =
            switch worker {
            case .node(let name): (name, false)
            case .remote(let name): (name, true)
            }
        return ClaimGrant(
            token: LeaseToken(random: context.random), workerID: name, isRemote: isRemote,
            lease: configuration.leaseDuration, grace: configuration.gracePeriod)
    }

    /// Gives back what was claimed and never began: whoever goes on working may have it at once.
    func giveBack(_ tasks: [TaskRecord]) async {
        let releases = tasks.compactMap { record in
            record.lease.map {
                Settlement(attempt: AttemptID(taskID: record.id, token: $0.token), outcome: .release)
            }
        }
        guard !releases.isEmpty else { return }
        do throws(StoreError) {
            _ = try await store.settle(releases)
        } catch {
            // Their leases run out.
            context.logger.debug("Tasks were not given back", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Running

    /// Begins the attempt of a task that was claimed; nil if the task has no lease.
    func begin(_ record: TaskRecord, _ terms: LeaseTerms) -> Attempt? {
        let metrics = context.metrics.work(record.type)
        guard let attempt = Attempt(record, terms, metrics) else { return nil }
        metrics.started(record)
        return attempt
    }

    /// The attempt that a task in the store is in, which this node did not know; nil if it is in none.
    func recall(_ record: TaskRecord, storeTime: Timestamp, now: MonotonicInstant) -> Attempt? {
        Attempt(record, storeTime: storeTime, now: now, context.metrics.work(record.type))
    }

    /// Extends leases.
    ///
    /// - Returns: What the store says of each, in order, and until when it has extended those that it has.
    func confirm(
        _ attempts: [AttemptID]
    ) async throws(StoreError) -> (answers: [HeartbeatOutcome], leaseEndsAt: MonotonicInstant) {
        let askedAt = context.clock.instant()
        let answers = try await store.heartbeat(attempts, lease: configuration.leaseDuration)
        return (answers, askedAt + configuration.leaseDuration)
    }

    // MARK: - Ended

    /// What an end means for its task.
    ///
    /// - Parameters:
    ///   - end: How the attempt ended.
    ///   - task: The task it was an attempt of.
    ///   - timeout: The process timeout, if it was over.
    ///   - isStopping: Whether the worker takes no more tasks, and so cannot get this one again.
    func outcome(
        of end: AttemptEnd, _ task: TaskID, timedOutAfter timeout: Duration?, isStopping: Bool = false
    ) -> AttemptOutcome {
        switch end {
        case .release(let delay):
            // What is given back again and again must not keep a worker busy with nothing else.
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
            // Whatever it brings came too late.
            returns.forget(task)
            return .failure(.processTimeout(timeout ?? .zero), draw: context.random.draw())
        }
    }

    // MARK: - Settled

    /// The store has answered to the end of an attempt.
    ///
    /// - Parameters:
    ///   - settlement: The end.
    ///   - answer: What the store says.
    ///   - metrics: The instruments of the attempt's type; nil if that is not known.
    func settled(_ settlement: Settlement, _ answer: SettleOutcome, _ metrics: WorkMetrics?) {
        metrics?.settled(settlement.outcome, answer)
        guard case .refused(let refusal) = answer else { return }
        context.logger.debug(
            "An attempt's end came too late",
            metadata: ["task.id": "\(settlement.attempt.taskID)", "reason": "\(refusal.rawValue)"])
    }
}
