import Logging
import Synchronization
import XQueue

/// Grants file descriptors to attempts, first come, first served, while enough are left for the rest of the process.
///
/// An attempt that cannot be served immediately waits a while for others to end. Descriptors that are granted but not
/// open yet count as in use.
final class FileGate: Sendable {
    static let shared = FileGate()
    /// How long an attempt waits before it fails.
    static let patience = Duration.seconds(10)
    private static let firstPause = Duration.milliseconds(10)
    private static let longestPause = Duration.milliseconds(200)
    /// Minimum interval between warnings that attempts are waiting.
    private static let warningInterval = Duration.seconds(60)

    private struct State {
        /// Descriptors that are granted but not open yet.
        var reserved = 0
        /// The waiting attempts, first come first.
        var line: [UInt64] = []
        var lastNumber: UInt64 = 0
        var lastWarning: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    private let patience: Duration
    private let hasRoom: @Sendable (_ count: Int) -> Bool

    /// - Parameter hasRoom: Returns whether `count` more descriptors can be opened.
    init(
        patience: Duration = FileGate.patience,
        hasRoom: @escaping @Sendable (Int) -> Bool = { OpenFiles.hasRoom(forAttempts: $0) }
    ) {
        self.patience = patience
        self.hasRoom = hasRoom
    }

    /// Number of waiting attempts.
    var waiting: Int { state.withLock { $0.line.count } }

    /// Permission to open descriptors, which the attempt releases once they are open, or will not be opened.
    final class Permit: Sendable {
        private let count: Mutex<Int>
        private let gate: FileGate

        fileprivate init(_ count: Int, _ gate: FileGate) {
            self.count = Mutex(count)
            self.gate = gate
        }

        /// Releases the permit; further calls have no effect.
        func release() {
            let count = count.withLock { count in
                defer { count = 0 }
                return count
            }
            gate.state.withLock { $0.reserved -= count }
            OpenFiles.reserve(-count)
        }

        deinit { release() }
    }

    /// Waits until `count` descriptors may be opened.
    ///
    /// - Throws: ``TaskFailure`` if too few are free for too long; `CancellationError`.
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
            "too few file descriptors are free (limit: \(Self.limit)): raise the limit or lower"
                + " queue.max_concurrency")
    }

    /// Serves only the first in line, or a newcomer if the line is empty.
    private func take(_ count: Int, number: UInt64?) -> Bool {
        state.withLock { state in
            guard state.line.first == number, hasRoom(count + state.reserved) else { return false }
            state.reserved += count
            OpenFiles.reserve(count)
            return true
        }
    }

    private func warn(_ logger: Logger) {
        let isDue = state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastWarning, now - last < Self.warningInterval { return false }
            state.lastWarning = now
            return true
        }
        guard isDue else { return }
        logger.warning(
            "Attempts are waiting for file descriptors: raise the open file limit or lower queue.max_concurrency",
            metadata: ["limit": "\(Self.limit)"])
    }

    private static var limit: String { OpenFiles.limit.map { String($0) } ?? "unknown" }
}
