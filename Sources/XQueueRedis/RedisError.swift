#if Redis

import XQueueCore

/// Why a call to Redis failed.
public struct RedisError: Error, Sendable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Kind: Sendable, Hashable {
        /// The server is unreachable, or the connection was lost. Whether the command was executed is unknown.
        case disconnected
        /// No reply arrived in time. Whether the command was executed is unknown.
        case timedOut
        /// The server replied with an error; the value is its first word, such as `NOSCRIPT`.
        case errorReply(String)
        /// The server or the configuration is unsuitable, such as a server that is too old.
        case unsuitable
        /// The queue has a layout that only a newer version supports.
        case newerLayout
        /// The queue has an older layout and cannot be migrated now.
        case olderLayout
        /// The client has been closed.
        case closed
    }

    public let kind: Kind
    public let message: String
    /// Whether the command never left this process, so it was certainly not executed.
    package let isUnsent: Bool
    /// Whether a retry would fail in the same way, as after a failed TLS handshake.
    var isPermanent = false

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
    /// Makes an error of an error reply, whose first word is the code.
    init(errorReply text: String) {
        let word = text.prefix { $0 != " " && $0 != ":" }
        self.init(.errorReply(String(word)), text)
    }

    /// The same failure for a command that was never sent.
    var unsent: RedisError {
        var error = RedisError(kind, message, isUnsent: true)
        error.isPermanent = isPermanent
        return error
    }

    /// Whether a retry with the same settings and server may succeed, such as while the server is starting.
    package var isTransient: Bool {
        switch kind {
        case .disconnected, .timedOut: !isPermanent
        case .errorReply(let word):
            ["LOADING", "BUSY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN"].contains(word)
        case .olderLayout: true
        case .unsuitable, .newerLayout, .closed: false
        }
    }
}

extension StoreError {
    /// Translates a Redis failure to a store error.
    init(_ error: RedisError) {
        switch error.kind {
        case .closed:
            self.init(.closed, "the store has been closed", cause: error)
        case .newerLayout:
            self.init(.newer, error.message, cause: error)
        case .olderLayout:
            self.init(.unavailable, error.message, cause: error)
        case .errorReply("OOM"):
            self.init(.unavailable, "Redis is out of memory: \(error.message)", cause: error)
        case .errorReply("WRONGTYPE"), .errorReply("ERR"):
            self.init(.corrupt, "Redis script failed: \(error.message)", cause: error)
        default:
            self.init(.unavailable, "Redis is unavailable: \(error.message)", cause: error)
        }
    }
}

#endif
