import Logging
import Synchronization
import XQueue

/// Lets attempts open what they need, in the order they come, while enough descriptors are left for the rest of the
/// process.
///
/// An attempt that cannot go on at once waits a while for others to end. What it has been allowed and has not opened
/// yet counts as taken.
final class FileGate: Sendable {
    static let shared = FileGate()
    /// How long an attempt waits before it fails.
    static let patience = Duration.seconds(10)
    private static let firstPause = Duration.milliseconds(10)
    private static let longestPause = Duration.milliseconds(200)
    /// How often the log says that attempts wait.
    private static let quiet = Duration.seconds(60)

    private struct State {
        /// Descriptors that are promised and not open yet.
        var promised = 0
        /// Those who wait, the first one first.
        var line: [UInt64] = []
        var lastNumber: UInt64 = 0
        var lastWarning: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let patience: Duration
    private let hasRoom: @Sendable (_ count: Int) -> Bool

    /// - Parameter hasRoom: Whether so many more descriptors can be opened.
    init(
        patience: Duration = FileGate.patience,
        hasRoom: @escaping @Sendable (Int) -> Bool = { OpenFiles.hasRoom(forAttempts: $0) }
    ) {
        self.patience = patience
        self.hasRoom = hasRoom
    }

    /// How many attempts wait.
    var waiting: Int { state.withLock { $0.line.count } }

    /// What an attempt may open. It gives this back when that is open, or will not be.
    final class Permit: Sendable {
        private let count: Mutex<Int>
        private let gate: FileGate

        fileprivate init(_ count: Int, _ gate: FileGate) {
            self.count = Mutex(count)
            self.gate = gate
        }

        /// May be called more than once.
        func giveBack() {
            let count = count.withLock { count in
                defer { count = 0 }
                return count
            }
            gate.state.withLock { $0.promised -= count }
            OpenFiles.promise(-count)
        }

        deinit { giveBack() }
    }

    /// Waits until `count` descriptors may be opened.
    ///
    /// - Throws: ``TaskFailure`` if there are too few for too long; `CancellationError`.
    func permit(_ count: Int, logger: Logger) async throws -> Permit {
        if take(count, number: nil) { return Permit(count, self) }
        let number = state.withLock { state in
            state.lastNumber += 1
            state.line.append(state.lastNumber)
            return state.lastNumber
        }
        defer { state.withLock { state in state.line.removeAll { $0 == number } } }
        warn(logger)
        let start = ContinuousClock.now
        var pause = Self.firstPause
        repeat {
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Self.longestPause)
            if take(count, number: number) { return Permit(count, self) }
        } while ContinuousClock.now - start < patience
        throw TaskFailure(
            "too few file descriptors are free, of a limit of \(Self.limit): raise the limit, or lower"
                + " queue.max_concurrency")
    }

    /// Only the first in the line is served, and whoever has just come if there is no line.
    private func take(_ count: Int, number: UInt64?) -> Bool {
        state.withLock { state in
            guard state.line.first == number, hasRoom(count + state.promised) else { return false }
            state.promised += count
            OpenFiles.promise(count)
            return true
        }
    }

    private func warn(_ logger: Logger) {
        let isDue = state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastWarning, now - last < Self.quiet { return false }
            state.lastWarning = now
            return true
        }
        guard isDue else { return }
        logger.warning(
            "Attempts wait for file descriptors; raise the limit of open files, or lower queue.max_concurrency",
            metadata: ["limit": "\(Self.limit)"])
    }

    private static var limit: String { OpenFiles.limit.map { String($0) } ?? "unknown size" }
}
