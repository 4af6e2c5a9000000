import XQueueCore

@testable import XQueueSQLite

extension FuzzReader {
    /// Retry policies and failures, which SQLite keeps as JSON. Written again, they are read as the same.
    static let sqliteText = FuzzReader("sqlite-text") { bytes in
        guard let text = String(validating: bytes, as: UTF8.self) else { return false }
        if let policy = try? RetryPolicy(stored: text, seq: 1) {
            if let stored = policy.stored {
                try require((try? RetryPolicy(stored: stored, seq: 1)) == policy, "changed by \(stored)")
            }
            for retry in [0, 1, 70, .max] {
                let wait = policy.backOff(retry: retry, draw: 0.9)
                try require(.zero...ModelLimits.maxDuration ~= wait, "a back-off of \(wait)")
            }
            return true
        }
        guard let errors = try? [AttemptError](stored: text, seq: 1) else { return false }
        if let stored = errors.stored {
            try require((try? [AttemptError](stored: stored, seq: 1)) == errors, "changed by \(stored)")
        }
        return true
    }
}
