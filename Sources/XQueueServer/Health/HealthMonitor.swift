import Synchronization
import XQueue
import XQueueCore

/// Knows how the store and the log in front of it are, so that whoever asks need not wait for them.
///
/// Each question begins a look, and waits a moment for it. If the store takes longer, the answer is what was seen last, or
/// that the store does not answer. For a while after each question it goes on looking by itself, so that what was seen
/// last is never old for a prober that comes regularly.
final class HealthMonitor: Sendable {
    /// What a look has seen.
    struct Finding: Sendable {
        var storeProblem: QueueError?
        var intake: IntakeReport?
        /// The server takes its leave.
        var isStopping = false

        var isWell: Bool { storeProblem == nil && intake?.status.problem == nil }
    }

    /// How often it looks by itself, and for how long after a question.
    private static let period = Duration.seconds(1)
    private static let memory = Duration.seconds(30)
    /// A store that takes longer does not answer.
    private static let overdue = Duration.seconds(1)

    private struct State {
        /// The store was opened, or there would be no server.
        var finding = Finding()
        /// When the look that is under way began; nil if none is.
        var lookBegan: ContinuousClock.Instant?
        var begun = 0
        /// How many wait for the look after the one that is under way.
        var waitingForNext = 0
        var lastAsked = ContinuousClock.now
        /// Whether it goes on looking by itself.
        var isRegular = false

        mutating func begin() {
            begun += 1
            waitingForNext = 0
            lookBegan = .now
        }
    }

    private let manager: TaskManager
    /// How long a question waits for a look.
    private let patience: Duration
    private let state = Mutex(State())
    /// The number of the last look that has ended.
    private let ended = AsyncCounter()

    init(_ manager: TaskManager, patience: Duration) {
        self.manager = manager
        self.patience = patience
    }

    /// What is known, within the time that a question waits.
    func ask() async -> Finding {
        let (look, starts, keeps) = state.withLock { state -> (Int, Bool, Bool) in
            state.lastAsked = .now
            let keeps = !state.isRegular
            state.isRegular = true
            // A look that is under way may have passed what has just happened.
            guard state.lookBegan == nil else {
                state.waitingForNext += 1
                return (state.begun + 1, false, keeps)
            }
            state.begin()
            return (state.begun, true, keeps)
        }
        // Ends with the store's answer.
        if starts { Task { await self.look() } }
        // Ends a while after the last question, or with the server.
        if keeps { Task { [weak self] in await Self.lookRegularly { self } } }
        await ended.wait(past: look - 1, atMost: patience)
        return state.withLock { state in
            // The look that it waited for has not even begun.
            if state.begun < look { state.waitingForNext -= 1 }
            var finding = state.finding
            if let began = state.lookBegan, .now - began >= Self.overdue, finding.storeProblem == nil {
                let seconds = (.now - began).components.seconds
                finding.storeProblem = QueueError(
                    .storeUnavailable, "the store has not answered for \(seconds) s")
            }
            return finding
        }
    }

    /// The server takes its leave: it is not ready any more.
    func stop() {
        state.withLock { $0.finding.isStopping = true }
    }

    // MARK: - Looking

    private static func lookRegularly(_ monitor: () -> HealthMonitor?) async {
        repeat {
            try? await Task.sleep(for: period)
        } while await monitor()?.lookAgain() == true
    }

    /// Looks unless that is under way; answers whether to go on.
    private func lookAgain() async -> Bool {
        let (goesOn, starts) = state.withLock { state -> (Bool, Bool) in
            state.isRegular = .now - state.lastAsked < Self.memory
            guard state.isRegular, state.lookBegan == nil else { return (state.isRegular, false) }
            state.begin()
            return (true, true)
        }
        if starts { await look() }
        return goesOn
    }

    /// Looks, and again for as long as somebody waits for that.
    private func look() async {
        var isWanted = true
        while isWanted {
            var problem: QueueError?
            do throws(QueueError) {
                try await manager.check()
            } catch {
                problem = error
            }
            let intake = await manager.intake()
            isWanted = end(problem, intake)
        }
    }

    /// Ends a look; answers whether another one has begun.
    private func end(_ problem: QueueError?, _ intake: IntakeReport?) -> Bool {
        let (number, isWanted) = state.withLock { state in
            state.finding.storeProblem = problem
            state.finding.intake = intake
            state.lookBegan = nil
            let number = state.begun
            let isWanted = state.waitingForNext > 0
            if isWanted { state.begin() }
            return (number, isWanted)
        }
        ended.advance(to: number)
        return isWanted
    }
}
