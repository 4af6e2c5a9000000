import Synchronization
import XQueueCore

/// Remembers the last failure of the database for a while: a check that happens to pass says little while
/// real work fails.
final class FailureMemory: Sendable {
    private static let window = Duration.seconds(10)

    private let last = Mutex<(error: StoreError, time: MonotonicInstant)?>(nil)

    func failed(_ error: StoreError, at now: MonotonicInstant) {
        last.withLock { $0 = (error, now) }
    }

    /// Real work was stored.
    func succeeded() {
        last.withLock { $0 = nil }
    }

    /// The last failure, if nothing was stored since and it was not long ago.
    func recent(at now: MonotonicInstant) -> StoreError? {
        last.withLock { last in
            guard let last, now - last.time < Self.window else { return nil }
            return last.error
        }
    }
}
