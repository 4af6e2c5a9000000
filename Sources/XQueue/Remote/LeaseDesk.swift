import Logging
import Synchronization
import XQueueCore

/// Leases tasks to remote workers, and passes their heartbeats, progress and outcomes to the store.
///
/// A remote attempt is never treated as this node's own: only a call by its worker, a client that
/// disconnects before it has its tasks, or the store's clock extends, stops or settles it.
final class LeaseDesk: Sendable {
    private struct State {
        var lines = LeaseLines()
        var polls = 0
        var isStopped = false
        /// All polls without an answer, including those a claim is under way for.
        var open: [Int: LeasePoll] = [:]
        /// How many polls there have been.
        var opened = 0
    }

    let attempts: Attempts
    let configuration: QueueConfiguration
    let context: EngineContext
    let held: HeldLeases
    let workers: RemoteWorkers
    /// Bounds the concurrent claims for requests that do not wait: each may return a large answer.
    private let immediateClaims = AsyncSemaphore(64)
    /// Signaled when a task may have become ready.
    private let ready = AsyncEvent()
    private let timer: PollTimer
    private let state = Mutex(State())

    init(_ attempts: Attempts, held: HeldLeases, workers: RemoteWorkers) {
        self.attempts = attempts
        self.held = held
        self.workers = workers
        configuration = attempts.configuration
        context = attempts.context
        timer = PollTimer(context.clock)
    }

    var waitingPolls: Int { state.withLock { $0.polls } }

    // MARK: - Life cycle

    /// Wakes polls when tasks become ready, until the Swift task is canceled.
    func run() async {
        let signals = attempts.store.signals()
        // For polls and tasks that arrived before this listened.
        ready.signal()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.workers.run() }
            group.addTask { await self.wakeWhenReady() }
            group.addTask { await self.pollSlowly() }
            for await signal in signals where signal == .ready { ready.signal() }
            group.cancelAll()
        }
    }

    /// How long a claim for a poll may take once the server is stopping.
    private static let claimGrace = Duration.milliseconds(500)

    /// Ends all polls with what they have; later ones do not wait.
    func stop() {
        let open = state.withLock { state in
            state.isStopped = true
            state.lines.removeAll()
            return Array(state.open.values)
        }
        timer.stop()
        for poll in open { poll.expire() }
        guard !open.isEmpty else { return }
        // Ends by itself.
        Task { [context] in
            try? await context.clock.sleepInRealTime(for: Self.claimGrace)
            for poll in open { poll.giveUp() }
        }
    }

    private func pollSlowly() async {
        while (try? await context.clock.sleep(for: configuration.pollInterval)) != nil {
            ready.signal()
        }
    }

    private func wakeWhenReady() async {
        while !Task.isCancelled {
            await ready.wait()
            let waiting = state.withLock { $0.lines.waiting }
            wake(await claimable(waiting))
        }
    }

    /// If there are many lists of types, returns only those with pending tasks: the others need no claim.
    private func claimable(_ lists: [[String]]) async -> [[String]] {
        guard lists.count > 4 else { return lists }
        do throws(StoreError) {
            let open = try await attempts.store.types().filter { !$0.isPaused && $0.counts[.pending] > 0 }
            let names = Set(open.map(\.type))
            return lists.filter { !names.isDisjoint(with: $0) }
        } catch {
            return lists
        }
    }

    // MARK: - Polls

    /// Leases tasks, waiting for them as long as `request` allows.
    ///
    /// - Returns: The tasks with their leases; empty if none became ready in time.
    func lease(_ request: LeaseRequest, _ poll: LeasePoll) async throws(QueueError) -> LeaseAnswer {
        let request = try request.validated(maxBatch: configuration.maxBatch)
        let deadline = context.clock.instant() + request.wait
        try await workers.noteContact(request.worker, maxTasks: request.maxTasks)
        poll.onAbandon { [weak self] tasks in self?.release(tasks) }
        let entry = state.withLock { state in
            state.opened += 1
            state.open[state.opened] = poll
            return LeaseEntry(number: state.opened, request: request, poll: poll)
        }
        defer { state.withLock { _ = $0.open.removeValue(forKey: entry.number) } }
        switch try admit(entry) {
        case .queued: break
        case .claimsOnce:
            // First, so that the poll waits for the claim.
            if poll.beginClaim() {
                // Ends with the store's answer, which may come after the poll has ended.
                Task {
                    await immediateClaims.withPermit {
                        _ = await self.claim([entry])
                    }
                }
            }
            fallthrough
        case .stopped:
            poll.expire()
            return try await poll.wait().get()
        }
        workers.polls(request.worker.name, 1)
        timer.add(poll, entry.number, until: deadline)
        wake([request.worker.types])
        let answer = await withTaskCancellationHandler {
            await poll.wait()
        } onCancel: {
            poll.abandon()
        }
        timer.remove(entry.number)
        remove(entry)
        workers.polls(request.worker.name, -1)
        return try answer.get()
    }

    private enum Admission {
        /// The poll waits in its queue.
        case queued
        /// The request does not wait: it gets one claim of its own.
        case claimsOnce
        /// The server is stopping: no more tasks are leased.
        case stopped
    }

    private func admit(_ entry: LeaseEntry) throws(QueueError) -> Admission {
        let limit = configuration.maxRemoteWorkers
        return try state.withLock { state throws(QueueError) in
            if state.isStopped { return .stopped }
            guard entry.request.wait > .zero else { return .claimsOnce }
            guard state.polls < limit else {
                throw QueueError(.tooManyWorkers, "this node already has \(limit) waiting lease requests")
            }
            state.polls += 1
            state.lines.add(entry)
            return .queued
        }
    }

    private func remove(_ entry: LeaseEntry) {
        state.withLock { state in
            state.polls -= 1
            state.lines.remove(entry)
        }
    }

    // MARK: - Claims

    /// Claims for the polls that wait for one of these lists of types.
    private func wake(_ lists: [[String]]) {
        let starts = state.withLock { state in
            lists.reduce(false) { state.lines.signal($1) || $0 }
        }
        guard starts else { return }
        // Ends when a round leaves no tasks, or no poll is waiting.
        Task { await self.claimInRounds() }
    }

    private func claimInRounds() async {
        while case let round = state.withLock({ $0.lines.next() }), !round.isEmpty {
            let finds = await claim(round)
            state.withLock { state in
                if let finds { state.lines.claimed(finds) } else { state.lines.failed(round) }
            }
        }
    }

    /// Claims tasks for polls in one call, and answers those it finds some for.
    ///
    /// - Returns: What it found for each; nil if the claim failed, and all have got the error.
    private func claim(_ round: [LeaseEntry]) async -> [LeaseFind]? {
        do throws(QueueError) {
            let share = try takeShare(for: round)
            let claimed = try await QueueError.wrapping { () async throws(StoreError) in
                try await self.attempts.claim(
                    round.map(\.share), isRemote: true, maxBytes: share?.bytes ?? ModelLimits.answerBytes)
            }
            for record in claimed.tasks.joined() {
                if let attempt = attempts.begin(record, claimed.terms) { held.insert(attempt) }
            }
            share?.resize(to: 0)
            return answer(round, claimed)
        } catch {
            for entry in round { entry.poll.claimEnded(.failure(error)) }
            return nil
        }
    }

    private func answer(_ round: [LeaseEntry], _ claimed: Attempts.Claim) -> [LeaseFind] {
        let last = claimed.tasks.lastIndex { !$0.isEmpty } ?? 0
        return round.indices.map { index in
            let (entry, tasks) = (round[index], claimed.tasks[index])
            // A claim that was cut short had nothing left for the polls before.
            let isDry = tasks.count < entry.request.maxTasks && (!claimed.hasMore || index < last)
            guard !tasks.isEmpty else {
                return LeaseFind(
                    entry: entry, isServed: false, waits: entry.poll.claimFoundNothing(), isDry: isDry)
            }
            let share = entry.poll.budget?.note(tasks.reduce(0) { $0 + $1.contentBytes })
            entry.poll.claimEnded(
                .success(LeaseAnswer(tasks: tasks, hasMore: claimed.hasMore && !isDry, share: share)))
            return LeaseFind(entry: entry, isServed: true, waits: false, isDry: isDry)
        }
    }

    /// Reserves memory for the answers before anything is claimed.
    private func takeShare(for round: [LeaseEntry]) throws(QueueError) -> ByteBudget.Share? {
        guard let budget = round.first?.poll.budget else { return nil }
        let tasks = round.reduce(0) { $0 + $1.request.maxTasks }
        let most = min(ModelLimits.answerBytes, tasks * configuration.maxPayloadBytes)
        guard let share = budget.take(upTo: most) else { throw .overloaded }
        return share
    }

    /// Releases tasks that were claimed for a client that has disconnected.
    private func release(_ tasks: [TaskRecord]) {
        let ends = tasks.compactMap { record in
            record.lease.map { LeaseEnd(AttemptID(taskID: record.id, token: $0.token), .release(.zero)) }
        }
        // Ends with the store's answer; if that is a failure, the leases expire.
        Task {
            do throws(QueueError) {
                _ = try await self.end(ends)
            } catch {
                self.context.logger.debug("Could not release tasks", metadata: ["error": "\(error)"])
            }
        }
    }
}
