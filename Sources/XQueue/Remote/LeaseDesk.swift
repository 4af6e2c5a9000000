import Logging
import Synchronization
import XQueueCore

/// Gives tasks to workers outside the nodes' processes, and takes their words about them to the store.
///
/// It never treats a remote attempt as this node's own: nothing here extends a lease, stops an attempt or
/// settles it but the worker's own call, the client that left before it had its tasks, and the store's clock.
final class LeaseDesk: Sendable {
    private struct State {
        var queues: [[String]: LeaseQueue] = [:]
        var polls = 0
        var isStopped = false
        /// All that have no answer yet, also while a claim is made for them.
        var open: [ObjectIdentifier: LeasePoll] = [:]
    }

    let attempts: Attempts
    let configuration: QueueConfiguration
    let context: EngineContext
    let held: HeldLeases
    let workers: RemoteWorkers
    /// The most requests that do not wait and look into the store at once: each may bring a large answer.
    private let looks = AsyncSemaphore(64)
    /// Rings when a task may have become ready.
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

    // MARK: - Life

    /// Wakes polls when tasks become ready, until the Swift task is canceled.
    func run() async {
        let signals = attempts.store.signals()
        // For polls and tasks that came before anybody listened.
        ready.signal()
        await withDiscardingTaskGroup { group in
            group.addTask { await self.workers.run() }
            group.addTask { await self.ringWhenReady() }
            group.addTask { await self.pollSlowly() }
            for await signal in signals where signal == .ready { ready.signal() }
            group.cancelAll()
        }
    }

    /// How long a claim for a poll may still take when the server ends.
    private static let claimPatience = Duration.milliseconds(500)

    /// Ends all polls with what they have, and lets no later one wait.
    func stop() {
        let open = state.withLock { state in
            state.isStopped = true
            for types in state.queues.keys { state.queues[types]?.removeAll() }
            return Array(state.open.values)
        }
        for poll in open { poll.expire() }
        guard !open.isEmpty else { return }
        // It ends by itself.
        Task {
            try? await Task.sleep(for: Self.claimPatience)
            for poll in open { poll.giveUp() }
        }
    }

    private func pollSlowly() async {
        while (try? await context.clock.sleep(for: configuration.pollInterval)) != nil {
            ready.signal()
        }
    }

    private func ringWhenReady() async {
        while !Task.isCancelled {
            await ready.wait()
            let waiting = state.withLock { $0.queues.filter { $0.value.hasWaiting }.map(\.key) }
            for types in await worthwhile(waiting) { ring(types) }
        }
    }

    /// Among many different lists of types, those with a type of which tasks wait: the others need no claim.
    private func worthwhile(_ lists: [[String]]) async -> [[String]] {
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

    /// Waits for tasks as `request` says.
    ///
    /// - Returns: The tasks with their leases; none if there were none in time.
    func lease(_ request: LeaseRequest, _ poll: LeasePoll) async throws(QueueError) -> LeaseAnswer {
        let request = try request.validated(maxBatch: configuration.maxBatch)
        let deadline = context.clock.instant() + request.wait
        try await workers.see(request.worker, maxTasks: request.maxTasks)
        poll.onAbandon { [weak self] tasks in self?.giveBack(tasks) }
        let entry = LeaseQueue.Entry(request: request, poll: poll)
        state.withLock { $0.open[ObjectIdentifier(poll)] = poll }
        defer { state.withLock { _ = $0.open.removeValue(forKey: ObjectIdentifier(poll)) } }
        switch try enter(entry) {
        case .waits: break
        case .looks:
            // Before anything else, so that the poll waits for it.
            if poll.beginClaim() {
                // It ends with the store's answer, for which the poll may not be able to wait.
                Task {
                    await looks.withPermit {
                        if case .nothing = await self.claim(entry) { _ = poll.claimFoundNothing() }
                    }
                }
            }
            fallthrough
        case .ends:
            poll.expire()
            return try await poll.wait().get()
        }
        workers.polls(request.worker.name, 1)
        // Ended by this function: it is canceled as soon as the poll has its answer.
        let timer = Task { [context] in
            try await context.clock.sleep(until: deadline)
            poll.expire()
        }
        ring(request.worker.types)
        let answer = await withTaskCancellationHandler {
            await poll.wait()
        } onCancel: {
            poll.leave()
        }
        timer.cancel()
        leave(entry)
        workers.polls(request.worker.name, -1)
        return try answer.get()
    }

    private enum Entrance {
        /// The poll stands in its queue.
        case waits
        /// It does not wait, and gets one look of its own.
        case looks
        /// The server ends: nothing is handed out any more.
        case ends
    }

    private func enter(_ entry: LeaseQueue.Entry) throws(QueueError) -> Entrance {
        let limit = configuration.maxRemoteWorkers
        return try state.withLock { state throws(QueueError) in
            if state.isStopped { return .ends }
            guard entry.request.wait > .zero else { return .looks }
            guard state.polls < limit else {
                throw QueueError(.tooManyWorkers, "\(limit) requests wait for tasks here already")
            }
            state.polls += 1
            state.queues[entry.request.worker.types, default: LeaseQueue()].add(entry)
            return .waits
        }
    }

    private func leave(_ entry: LeaseQueue.Entry) {
        let types = entry.request.worker.types
        state.withLock { state in
            state.polls -= 1
            state.queues[types]?.remove(entry.poll)
            if state.queues[types]?.isEmpty == true { state.queues[types] = nil }
        }
    }

    // MARK: - Claims

    private func ring(_ types: [String]) {
        let starts = state.withLock { $0.queues[types]?.ring() ?? false }
        if starts { startClaimer(types) }
    }

    /// A Swift task of its own, which ends as soon as a claim leaves nothing, or no poll waits.
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
                step = change(types) { $0.foundNothing(waits ? entry : nil) ? .goOn : .stop } ?? .stop
            case .failure: step = change(types) { $0.failed() }.map { .stop } ?? .stop
            }
            if step == .widen { startClaimer(types) }
            if step == .stop { return }
        }
    }

    /// Changes the queue of `types`, and drops it if nothing is left of it.
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

    /// Claims for one poll, and answers it unless there is nothing.
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

    /// Finds room for the answer before anything is claimed for it.
    private func takeShare(for entry: LeaseQueue.Entry) throws(QueueError) -> ByteBudget.Share? {
        guard let budget = entry.poll.budget else { return nil }
        let most = min(ModelLimits.answerBytes, entry.request.maxTasks * configuration.maxPayloadBytes)
        guard let share = budget.take(upTo: most) else { throw .overloaded }
        return share
    }

    /// Gives back what was claimed for a client that has left.
    private func giveBack(_ tasks: [TaskRecord]) {
        let ends = tasks.compactMap { record in
            record.lease.map { LeaseEnd(AttemptID(taskID: record.id, token: $0.token), .release(.zero)) }
        }
        // It ends with the store's answer. Should that be a failure, the leases run out by themselves.
        Task {
            do throws(QueueError) {
                _ = try await self.end(ends)
            } catch {
                self.context.logger.debug("Tasks were not given back", metadata: ["error": "\(error)"])
            }
        }
    }
}
