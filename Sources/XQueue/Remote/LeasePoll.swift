import Synchronization
package import XQueueCore

/// The answer to a remote worker's lease request.
package struct LeaseAnswer: Sendable {
    /// The tasks with their leases, best first.
    package var tasks: [TaskRecord] = []
    /// Whether more may be ready: the answer reached the requested number of tasks, or its size limit.
    package var hasMore = false
    /// The answer's share of the memory budget; nil without a budget.
    package var share: ByteBudget.Share?
}

/// One remote worker's wait for tasks.
///
/// Its answer is decided once: by a claim that found tasks, by the time limit, by the client's
/// disconnection, or by shutdown.
package final class LeasePoll: Sendable {
    typealias Answer = Result<LeaseAnswer, QueueError>

    private struct State {
        var answer: Answer?
        /// A claim is under way; there is no answer before it ends.
        var isClaiming = false
        /// No further claim is made for it.
        var isClosed = false
        var isAbandoned = false
        /// Takes the tasks that were claimed for a client that has disconnected.
        var returnTasks: (@Sendable ([TaskRecord]) -> Void)?

        /// Returns the answer, and keeps only what is needed to release its tasks: the poll may live until a slow
        /// client has received the whole reply.
        mutating func handOver() -> Answer? {
            let whole = answer
            if case .success(let found) = whole {
                answer = .success(
                    LeaseAnswer(tasks: found.tasks.map(\.abridged), hasMore: found.hasMore))
            }
            return whole
        }
    }

    /// Memory budget for the answer; nil for no limit.
    let budget: ByteBudget?
    private let state = Mutex(State())
    /// Fulfilled once there is an answer.
    private let answered = AsyncPromise<Void>()

    package init(budget: ByteBudget? = nil) {
        self.budget = budget
    }

    /// Notes that the client has disconnected: tasks claimed for it, now or later, go back to the queue.
    package func abandon() {
        let unwanted = state.withLock { state -> (() -> Void)? in
            guard !state.isAbandoned else { return nil }
            state.isAbandoned = true
            guard case .success(let answer) = state.answer, !answer.tasks.isEmpty else { return nil }
            let returnTasks = state.returnTasks
            return { returnTasks?(answer.tasks) }
        }
        if let unwanted { unwanted() } else { expire() }
    }

    // MARK: - For the desk

    /// Must be called before the first claim.
    func onAbandon(_ body: @escaping @Sendable ([TaskRecord]) -> Void) {
        state.withLock { $0.returnTasks = body }
    }

    /// Whether it has no answer yet.
    var isWaiting: Bool { state.withLock { $0.answer == nil } }

    /// Returns false if the poll has its answer, and needs no claim.
    func beginClaim() -> Bool {
        state.withLock { state in
            guard state.answer == nil else { return false }
            state.isClaiming = true
            return true
        }
    }

    /// Notes that a claim found nothing. Returns whether the poll keeps waiting.
    func claimFoundNothing() -> Bool {
        change { state in
            state.isClaiming = false
            return state.isClosed ? .success(LeaseAnswer()) : nil
        }
    }

    /// Notes that a claim found tasks, or failed. Tasks for a disconnected client go back to the queue.
    func claimEnded(_ answer: Answer) {
        _ = change { state in
            state.isClaiming = false
            return answer
        }
        guard case .success(let answer) = answer else { return }
        state.withLock { $0.isAbandoned ? $0.returnTasks : nil }?(answer.tasks)
    }

    /// Ends the wait: time is up, or the server is stopping. What a claim under way finds is still the answer.
    func expire() {
        _ = change { state in
            state.isClosed = true
            return state.isClaiming ? nil : .success(LeaseAnswer())
        }
    }

    /// Ends the wait even for a claim under way: what it finds goes back to the queue.
    func giveUp() {
        _ = change { state in
            state.isClosed = true
            if state.answer == nil { state.isAbandoned = true }
            return .success(LeaseAnswer())
        }
    }

    func wait() async -> Answer {
        await answered.value
        return state.withLock { $0.handOver() } ?? .success(LeaseAnswer())
    }

    /// Applies a step, and the answer it leads to. Returns whether there is still no answer.
    private func change(_ step: (inout State) -> Answer?) -> Bool {
        let hasAnswer = state.withLock { state in
            if let answer = step(&state), state.answer == nil { state.answer = answer }
            return state.answer != nil
        }
        if hasAnswer { answered.fulfill() }
        return !hasAnswer
    }
}
