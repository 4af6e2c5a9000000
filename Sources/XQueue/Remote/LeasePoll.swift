import Synchronization
package import XQueueCore

/// What a remote worker's request for tasks is answered.
package struct LeaseAnswer: Sendable {
    /// The tasks with their leases, best first.
    package var tasks: [TaskRecord] = []
    /// More may be ready: there were as many as asked for, or their payloads filled the answer.
    package var hasMore = false
    /// The place of the answer in the budget; nil if there is no budget.
    package var share: ByteBudget.Share?
}

/// One remote worker's wait for tasks.
///
/// Its answer is decided once: by a claim that found tasks, by time, by the client that left, or by the
/// end of the server.
package final class LeasePoll: Sendable {
    typealias Answer = Result<LeaseAnswer, QueueError>

    private struct State {
        var answer: Answer?
        /// A claim for it is under way: until that is back there is no answer.
        var isClaiming = false
        /// No further claim is made for it.
        var isOver = false
        var hasLeft = false
        /// Takes the tasks that were claimed for a client that has left.
        var abandon: (@Sendable ([TaskRecord]) -> Void)?

        /// The answer, of which only as much is kept as is needed to give its tasks back: the poll may last until a slow
        /// client has all of its reply.
        mutating func handOver() -> Answer? {
            let whole = answer
            if case .success(let found) = whole {
                answer = .success(
                    LeaseAnswer(tasks: found.tasks.map(\.abridged), hasMore: found.hasMore))
            }
            return whole
        }
    }

    /// What the answer must find room in; nil for no bound.
    let budget: ByteBudget?
    private let state = Mutex(State())
    /// Kept once there is an answer.
    private let answered = AsyncPromise<Void>()

    package init(budget: ByteBudget? = nil) {
        self.budget = budget
    }

    /// The client has left: what was claimed for it, or will be, goes back to the queue.
    package func leave() {
        let unwanted = state.withLock { state -> (() -> Void)? in
            guard !state.hasLeft else { return nil }
            state.hasLeft = true
            guard case .success(let answer) = state.answer, !answer.tasks.isEmpty else { return nil }
            let abandon = state.abandon
            return { abandon?(answer.tasks) }
        }
        if let unwanted { unwanted() } else { expire() }
    }

    // MARK: - For the desk

    /// To be called before the first claim.
    func onAbandon(_ body: @escaping @Sendable ([TaskRecord]) -> Void) {
        state.withLock { $0.abandon = body }
    }

    /// False if the poll has its answer, and needs no claim.
    func beginClaim() -> Bool {
        state.withLock { state in
            guard state.answer == nil else { return false }
            state.isClaiming = true
            return true
        }
    }

    /// A claim found nothing; answers whether the poll goes on waiting.
    func claimFoundNothing() -> Bool {
        change { state in
            state.isClaiming = false
            return state.isOver ? .success(LeaseAnswer()) : nil
        }
    }

    /// A claim found tasks, or failed. Tasks for a client that has left go back.
    func claimEnded(_ answer: Answer) {
        _ = change { state in
            state.isClaiming = false
            return answer
        }
        guard case .success(let answer) = answer else { return }
        state.withLock { $0.hasLeft ? $0.abandon : nil }?(answer.tasks)
    }

    /// Time is over, or the server ends. What a claim under way finds is still the answer.
    func expire() {
        _ = change { state in
            state.isOver = true
            return state.isClaiming ? nil : .success(LeaseAnswer())
        }
    }

    /// Whatever a claim under way finds comes too late: it goes back to the queue.
    func giveUp() {
        _ = change { state in
            state.isOver = true
            if state.answer == nil { state.hasLeft = true }
            return .success(LeaseAnswer())
        }
    }

    func wait() async -> Answer {
        await answered.value
        return state.withLock { $0.handOver() } ?? .success(LeaseAnswer())
    }

    /// Makes a step, and gives the answer it leads to; answers whether there is still none.
    private func change(_ step: (inout State) -> Answer?) -> Bool {
        let hasAnswer = state.withLock { state in
            if let answer = step(&state), state.answer == nil { state.answer = answer }
            return state.answer != nil
        }
        if hasAnswer { answered.fulfill() }
        return !hasAnswer
    }
}
