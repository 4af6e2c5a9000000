import Synchronization
import XQueueCore

/// Remembers that the store does not answer, so that not every submission waits for it in vain when the log
/// in front of it has the task already. One asks now and then; the feeder does, too.
final class StoreWatch: Sendable {
    /// How long a store that did not answer is left alone.
    private static let pause = Duration.seconds(2)
    /// When it may be asked again; nil while it answers.
    private let pausedUntil = Mutex<MonotonicInstant?>(nil)

    /// Whether a submission may ask the store now.
    func mayAsk(at now: MonotonicInstant) -> Bool {
        pausedUntil.withLock { until in
            guard let end = until else { return true }
            guard now >= end else { return false }
            until = now + Self.pause
            return true
        }
    }

    func worked() {
        pausedUntil.withLock { $0 = nil }
    }

    /// A store that is only full answers, and quickly.
    func failed(_ error: StoreError, at now: MonotonicInstant) {
        guard error.code != .backlogFull, error.code != .tooManyTypes else { return worked() }
        pausedUntil.withLock { $0 = now + Self.pause }
    }
}
