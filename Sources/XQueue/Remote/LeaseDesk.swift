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
        let (entry, admission) = try admit(request, poll)
        defer { state.withLock { _ = $0.open.removeValue(forKey: entry.number) } }
        switch admission {
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
        leave(entry, answer)
        workers.polls(request.worker.name, -1)
        return try answer.get()
    }

    private enum Admission {
        /// The poll waits in its line.
        case queued
        /// The request does not wait: it gets one claim of its own.
        case claimsOnce
        /// The server is stopping: no more tasks are leased.
        case stopped
    }

    private func admit(
        _ request: LeaseRequest, _ poll: LeasePoll
    ) throws(QueueError) -> (LeaseEntry, Admission) {
        let limit = configuration.maxRemoteWorkers
        return try state.withLock { state throws(QueueError) in
            let isQueued = !state.isStopped && request.wait > .zero
            guard !isQueued || state.polls < limit else {
                throw QueueError(.tooManyWorkers, "this node already has \(limit) waiting lease requests")
            }
            // Under one lock with its number, so that lines are in the order of numbers.
            state.opened += 1
            let entry = LeaseEntry(number: state.opened, request: request, poll: poll)
            state.open[entry.number] = poll
            guard isQueued else { return (entry, state.isStopped ? .stopped : .claimsOnce) }
            state.polls += 1
            state.lines.add(entry)
            return (entry, .queued)
        }
    }

    private func leave(_ entry: LeaseEntry, _ answer: LeasePoll.Answer) {
        // A claim that answers a poll has taken it out of its line.
        let mayBeInLine = if case .success(let found) = answer { found.tasks.isEmpty } else { false }
        state.withLock { state in
            state.polls -= 1
            if mayBeInLine { state.lines.remove(entry) }
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
            state.withLock { $0.lines.claimed(finds) }
        }
    }

    /// Claims tasks for polls in one call, and answers those it finds some for.
    ///
    /// - Returns: What it found for each.
    private func claim(_ round: [LeaseEntry]) async -> [LeaseFind] {
        do throws(QueueError) {
            let share = try takeShare(for: round)
            // The answers have shares of their own then.
            defer { share?.resize(to: 0) }
            let maxBytes = share?.bytes ?? ModelLimits.answerBytes
            let claimed = try await QueueError.wrapping { () async throws(StoreError) in
                try await self.attempts.claim(round.map(\.share), isRemote: true, maxBytes: maxBytes)
            }
            for record in claimed.tasks.joined() {
                if let attempt = attempts.begin(record, claimed.terms) { held.insert(attempt) }
            }
            return answer(round, claimed, maxBytes)
        } catch {
            return fail(round, error)
        }
    }

    /// What a task takes in a claim beside its payload, in bytes, as an estimate.
    private static let taskBytes = 256

    private func answer(_ round: [LeaseEntry], _ claimed: Attempts.Claim, _ maxBytes: Int) -> [LeaseFind] {
        let last = claimed.tasks.lastIndex { !$0.isEmpty }
        let bytes = claimed.tasks.joined().reduce(0) { $0 + $1.contentBytes + Self.taskBytes }
        // Its size may have ended the claim, or the number of tasks it had to park.
        let isCut = claimed.hasMore && (last == nil || bytes > maxBytes / 2)
        return round.indices.map { index in
            let (entry, tasks) = (round[index], claimed.tasks[index])
            // What is left is of other types if the claim went on after a poll it did not fill.
            let isUnfilled = tasks.count < entry.request.maxTasks
            let isDry = !claimed.hasMore || (isUnfilled && !(isCut && index >= last ?? 0))
            guard !tasks.isEmpty else {
                return LeaseFind(
                    entry: entry, isServed: false, waits: entry.poll.claimFoundNothing(), isDry: isDry)
            }
            let share = entry.poll.budget?.note(tasks.reduce(0) { $0 + $1.contentBytes })
            entry.poll.claimEnded(
                .success(LeaseAnswer(tasks: tasks, hasMore: !isDry, share: share)))
            return LeaseFind(entry: entry, isServed: true, waits: false, isDry: isDry)
        }
    }

    /// Answers the longest waiting poll of each line with the error. The others wait: the next wake-up retries.
    private func fail(_ round: [LeaseEntry], _ error: QueueError) -> [LeaseFind] {
        var lines: Set<[String]> = []
        return round.map { entry in
            let isFirst = lines.insert(entry.types).inserted
            if isFirst { entry.poll.claimEnded(.failure(error)) }
            return LeaseFind(
                entry: entry, isServed: false, waits: !isFirst && entry.poll.claimFoundNothing(), isDry: true)
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
