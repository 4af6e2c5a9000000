#if Redis

import XQueueCore

extension StoreError {
    /// A failure of Redis in the store's words: whatever it is, nothing is lost, and later it may work.
    init(_ error: RedisError) {
        switch error.kind {
        case .closed:
            self.init(.closed, "the store has been closed", cause: error)
        case .newer:
            self.init(.newer, error.message, cause: error)
        case .older:
            self.init(.unavailable, error.message, cause: error)
        case .refused("OOM"):
            self.init(.unavailable, "Redis is out of memory: \(error.message)", cause: error)
        case .refused("WRONGTYPE"), .refused("ERR"):
            self.init(.corrupt, "Redis refused a script: \(error.message)", cause: error)
        default:
            self.init(.unavailable, "Redis cannot be used now: \(error.message)", cause: error)
        }
    }
}

#endif
