#if Redis

import XQueueCore

/// Why a call to Redis failed.
public struct RedisError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was.
    public enum Kind: Sendable, Hashable {
        /// The server cannot be reached, or the connection broke; the call may have happened or not.
        case disconnected
        /// No answer came in time; the call may have happened or not.
        case timedOut
        /// The server answered with an error: its first word, such as `NOSCRIPT`.
        case refused(String)
        /// What the server is or how it is set up does not fit, such as its version.
        case unfit
        /// The queue has a layout that only a newer version knows.
        case newer
        /// The queue has an older layout, and may not be brought to this version's now.
        case older
        /// The client has been closed.
        case closed
    }

    public let kind: Kind
    public let message: String
    /// True when not a byte of the command left this process, so that it surely did not happen.
    package let isUnsent: Bool
    /// True when the same would happen again: TLS cannot be agreed on.
    var isLasting = false

    public init(_ kind: Kind, _ message: String) {
        self.init(kind, message, isUnsent: false)
    }

    package init(_ kind: Kind, _ message: String, isUnsent: Bool) {
        self.kind = kind
        self.message = message
        self.isUnsent = isUnsent
    }

    public var description: String { message }
}

extension RedisError {
    /// An error reply: its first word is the code.
    init(refusal text: String) {
        let word = text.prefix { $0 != " " && $0 != ":" }
        self.init(.refused(String(word)), text)
    }

    /// The same failure, of a command that never left.
    var unsent: RedisError {
        var error = RedisError(kind, message, isUnsent: true)
        error.isLasting = isLasting
        return error
    }

    /// True if it may work a moment later with the same settings and the same server, such as when that is only
    /// being started.
    package var mayPass: Bool {
        switch kind {
        case .disconnected, .timedOut: !isLasting
        case .refused(let word): ["LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN"].contains(word)
        case .older: true
        case .unfit, .newer, .closed: false
        }
    }
}

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
