import Logging
import Synchronization
import XQueueCore

/// Leases tasks to remote workers, and passes their heartbeats, progress and outcomes to the store.
///
/// A remote attempt is never treated as this node's own: only a call by its worker, a client that
/// disconnects before it has its tasks, or the store's clock extends, stops or settles it.
final class LeaseDesk: Sendable {
    private struct State {
        var queues: [[String]: LeaseQueue] = [:]
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
    private let state = Mutex(State())

    init(_ attempts: Attempts, held: HeldLeases, workers: RemoteWorkers) {
        self.attempts = attempts
        self.held = held
        self.workers = workers
        configuration = attempts.configuration
        context = attempts.context
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
            for types in state.queues.keys { state.queues[types]?.removeAll() }
            return Array(state.open.values)
        }
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
            let waiting = state.withLock { $0.queues.filter { $0.value.hasWaiting }.map(\.key) }
            for types in await claimable(waiting) { wake(types) }
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
        let entry = LeaseQueue.Entry(request: request, poll: poll)
        let number = state.withLock { state in
            state.opened += 1
            state.open[state.opened] = poll
            return state.opened
        }
        defer { state.withLock { _ = $0.open.removeValue(forKey: number) } }
        switch try admit(entry) {
        case .queued: break
        case .claimsOnce:
            // First, so that the poll waits for the claim.
            if poll.beginClaim() {
                // Ends with the store's answer, which may come after the poll has ended.
                Task {
                    await immediateClaims.withPermit {
                        if case .nothing = await self.claim(entry) { _ = poll.claimFoundNothing() }
                    }
                }
            }
            fallthrough
        case .stopped:
            poll.expire()
            return try await poll.wait().get()
        }
        workers.polls(request.worker.name, 1)
        // Canceled below, as soon as the poll has its answer.
        let timer = Task { [context] in
            try await context.clock.sleep(until: deadline)
            poll.expire()
        }
        wake(request.worker.types)
        let answer = await withTaskCancellationHandler {
            await poll.wait()
        } onCancel: {
            poll.abandon()
        }
        timer.cancel()
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

    private func admit(_ entry: LeaseQueue.Entry) throws(QueueError) -> Admission {
        let limit = configuration.maxRemoteWorkers
        return try state.withLock { state throws(QueueError) in
            if state.isStopped { return .stopped }
            guard entry.request.wait > .zero else { return .claimsOnce }
            guard state.polls < limit else {
                throw QueueError(.tooManyWorkers, "this node already has \(limit) waiting lease requests")
            }
            state.polls += 1
            state.queues[entry.request.worker.types, default: LeaseQueue()].add(entry)
            return .queued
        }
    }

    private func remove(_ entry: LeaseQueue.Entry) {
        let types = entry.request.worker.types
        state.withLock { state in
            state.polls -= 1
            state.queues[types]?.remove(entry.poll)
            if state.queues[types]?.isEmpty == true { state.queues[types] = nil }
        }
    }

    // MARK: - Claims

    private func wake(_ types: [String]) {
        let starts = state.withLock { $0.queues[types]?.wake() ?? false }
        if starts { startClaimer(types) }
    }

    /// Runs in a Swift task of its own, which ends when a claim leaves no tasks, or no poll is waiting.
    private func startClaimer(_ types: [String]) {
        Task { await self.claim(for: types) }
    }

    private func claim(for types: [String]) async {
        while let entry = change(types, { $0.next() }) ?? nil {
            let step: LeaseQueue.Step
            switch await claim(entry) {
            case .tasks(let more): step = change(types) { $0.found(more: more) } ?? .stop
            case .nothing:
                let waits = entry.poll.claimFoundNothing()
                step = change(types) { $0.foundNothing(waits ? entry : nil) ? .proceed : .stop } ?? .stop
            case .failure: step = change(types) { $0.failed() }.map { .stop } ?? .stop
            }
            if step == .widen { startClaimer(types) }
            if step == .stop { return }
        }
    }

    /// Changes the queue of `types`, and drops it once it is empty.
    private func change<Value>(_ types: [String], _ body: (inout LeaseQueue) -> Value) -> Value? {
        state.withLock { state in
            guard var queue = state.queues[types] else { return nil }
            defer { state.queues[types] = queue.isEmpty ? nil : queue }
            return body(&queue)
        }
    }

    private enum ClaimEnd {
        case tasks(more: Bool)
        case nothing, failure
    }

    /// Claims tasks for one poll, and answers it unless none are ready.
    private func claim(_ entry: LeaseQueue.Entry) async -> ClaimEnd {
        let worker = entry.request.worker
        let share: ByteBudget.Share?
        do throws(QueueError) {
            share = try takeShare(for: entry)
        } catch {
            entry.poll.claimEnded(.failure(error))
            return .failure
        }
        do throws(StoreError) {
            let claimed = try await attempts.claim(
                worker.types, upTo: entry.request.maxTasks, for: .remote(worker.name),
                maxBytes: share?.bytes ?? ModelLimits.answerBytes)
            guard !claimed.tasks.isEmpty else { return .nothing }
            share?.resize(to: claimed.tasks.reduce(0) { $0 + $1.contentBytes })
            for record in claimed.tasks {
                if let attempt = attempts.begin(record, claimed.terms) { held.insert(attempt) }
            }
            entry.poll.claimEnded(
                .success(LeaseAnswer(tasks: claimed.tasks, hasMore: claimed.hasMore, share: share)))
            return .tasks(more: claimed.hasMore)
        } catch {
            entry.poll.claimEnded(.failure(QueueError(error)))
            return .failure
        }
    }

    /// Reserves memory for the answer before anything is claimed.
    private func takeShare(for entry: LeaseQueue.Entry) throws(QueueError) -> ByteBudget.Share? {
        guard let budget = entry.poll.budget else { return nil }
        let most = min(ModelLimits.answerBytes, entry.request.maxTasks * configuration.maxPayloadBytes)
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
