import Synchronization
import XQueue
import XQueueCore

/// Tracks the health of the store and of the log in front of it, so that callers need not wait for them.
///
/// Each query starts a check and waits briefly for it. If the store takes longer, the result is that of the last check,
/// or that the store does not respond. For a while after each query, checks continue in the background, so that a
/// regular prober never gets an old result.
final class HealthMonitor: Sendable {
    /// The result of a check.
    struct Finding: Sendable {
        var storeProblem: QueueError?
        var intake: IntakeReport?
        /// Whether the server is shutting down.
        var isStopping = false

        var isWell: Bool { storeProblem == nil && intake?.status.problem == nil }
    }

    /// The interval of background checks, and how long they continue after a query.
    private static let period = Duration.seconds(1)
    private static let memory = Duration.seconds(30)
    /// A store that takes longer counts as not responding.
    private static let overdue = Duration.seconds(1)

    private struct State {
        /// Initially healthy: the store has been opened successfully.
        var finding = Finding()
        /// When the current check began; nil if none is in progress.
        var checkBegan: ContinuousClock.Instant?
        var begun = 0
        /// Number of queries waiting for the check after the current one.
        var waitingForNext = 0
        var lastQueried = ContinuousClock.now
        /// Whether checks run in the background.
        var isPolling = false

        mutating func begin() {
            begun += 1
            waitingForNext = 0
            checkBegan = .now
        }
    }

    private let manager: TaskManager
    /// How long a query waits for a check.
    private let patience: Duration
    private let state = Mutex(State())
    /// The number of the last completed check.
    private let ended = AsyncCounter()

    init(_ manager: TaskManager, patience: Duration) {
        self.manager = manager
        self.patience = patience
    }

    /// Returns the current health, as far as it can be determined within ``patience``.
    func finding() async -> Finding {
        let (check, startsCheck, startsPolling) = state.withLock { state -> (Int, Bool, Bool) in
            state.lastQueried = .now
            let startsPolling = !state.isPolling
            state.isPolling = true
            // The current check may have missed what has just happened.
            guard state.checkBegan == nil else {
                state.waitingForNext += 1
                return (state.begun + 1, false, startsPolling)
            }
            state.begin()
            return (state.begun, true, startsPolling)
        }
        // Ends with the store's reply.
        if startsCheck { Task { await self.check() } }
        // Ends a while after the last query, or with the server.
        if startsPolling { Task { [weak self] in await Self.poll { self } } }
        await ended.wait(past: check - 1, atMost: patience)
        return state.withLock { state in
            // The check has not even begun.
            if state.begun < check { state.waitingForNext -= 1 }
            var finding = state.finding
            if let began = state.checkBegan, .now - began >= Self.overdue, finding.storeProblem == nil {
                let seconds = (.now - began).components.seconds
                finding.storeProblem = QueueError(
                    .storeUnavailable, "no response from the store for \(seconds) s")
            }
            return finding
        }
    }

    /// Notes that the server is shutting down: it is no longer ready.
    func stop() {
        state.withLock { $0.finding.isStopping = true }
    }

    // MARK: - Checks

    private static func poll(_ monitor: () -> HealthMonitor?) async {
        repeat {
            try? await Task.sleep(for: period)
        } while await monitor()?.checkAgain() == true
    }

    /// Runs a check unless one is in progress; returns whether to continue polling.
    private func checkAgain() async -> Bool {
        let (continues, starts) = state.withLock { state -> (Bool, Bool) in
            state.isPolling = .now - state.lastQueried < Self.memory
            guard state.isPolling, state.checkBegan == nil else { return (state.isPolling, false) }
            state.begin()
            return (true, true)
        }
        if starts { await check() }
        return continues
    }

    /// Runs a check, and further ones while queries are waiting for them.
    private func check() async {
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

    /// Ends a check; returns whether another one has begun.
    private func end(_ problem: QueueError?, _ intake: IntakeReport?) -> Bool {
        let (number, isWanted) = state.withLock { state in
            state.finding.storeProblem = problem
            state.finding.intake = intake
            state.checkBegan = nil
            let number = state.begun
            let isWanted = state.waitingForNext > 0
            if isWanted { state.begin() }
            return (number, isWanted)
        }
        ended.advance(to: number)
        return isWanted
    }
}
