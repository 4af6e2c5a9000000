import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import SystemPackage

/// Why a request failed.
public struct QueueClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of error: a code of the server (`not_found`, `already_ended`, `backlog_full` …) or one of those below.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The code as text.
        public let rawValue: String

        /// Creates a code.
        ///
        /// - Parameter rawValue: The code as text.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The code as text.
        public var description: String { rawValue }

        /// The client's configuration is unusable.
        public static let badConfiguration = Code(rawValue: "bad_configuration")
        /// Nothing is listening at the address.
        public static let connectionRefused = Code(rawValue: "connection_refused")
        /// The server cannot be reached.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The server's certificate is not trusted.
        public static let untrusted = Code(rawValue: "untrusted")
        /// The server took too long to reply.
        public static let timedOut = Code(rawValue: "timed_out")
        /// The connection was closed before a reply.
        public static let connectionClosed = Code(rawValue: "connection_closed")
        /// The reply is too large or not one of the API; the address may be of another server.
        public static let unexpectedAnswer = Code(rawValue: "unexpected_answer")
        /// No such task, type, schedule, worker or lease.
        public static let notFound = Code(rawValue: "not_found")
        /// The task runs or has ended: only a pending one can be edited.
        public static let notPending = Code(rawValue: "not_pending")
        /// Another task holds the unique key, and the submission asked to be rejected then.
        public static let notUnique = Code(rawValue: "not_unique")
        /// Another task holds the unique key of the task to edit or to retry.
        public static let uniqueKeyTaken = Code(rawValue: "unique_key_taken")
        /// The task or schedule has another version than the one asked for.
        public static let versionConflict = Code(rawValue: "version_conflict")
        /// The schedule is in the server's configuration file, and can only be changed there.
        public static let ownedByFile = Code(rawValue: "owned_by_file")
        /// The lease is no longer held.
        public static let leaseLost = Code(rawValue: "lease_lost")
    }

    /// The kind of error, for programs.
    public let code: Code
    /// The problem in one line, for people.
    public let message: String
    /// HTTP status of the reply; nil if there was none.
    public let status: Int?
    /// The part of the request that the error is about, such as `tasks[17].priority`.
    public let field: String?
    /// How long to wait before retrying, if the server said so.
    public let retryAfter: Duration?
    /// Whether the request certainly did not reach the server, so any request can be repeated.
    public let isUnsent: Bool

    /// The message.
    public var description: String { message }

    init(
        _ code: Code, _ message: String, status: Int? = nil, field: String? = nil,
        retryAfter: Duration? = nil,
        isUnsent: Bool = false
    ) {
        self.code = code
        self.message = message
        self.status = status
        self.field = field
        self.retryAfter = retryAfter
        self.isUnsent = isUnsent
    }

    /// Whether the same request may succeed later.
    public var isTemporary: Bool {
        switch (code, status) {
        case (.badConfiguration, _), (.unexpectedAnswer, nil): false
        case (_, nil): true
        case (_, 429): retryAfter != nil
        case (_, .some(let status)): status >= 500 || status == 408
        }
    }
}

extension QueueClientError {
    /// Creates the error for a request to `address` that got no reply.
    init(at address: String, _ error: any Error) {
        switch error {
        case let error as IOError where error.isRefused:
            self.init(refusedAt: address)
        case let error as NIOConnectionError:
            if error.connectionErrors.contains(where: { ($0.error as? IOError)?.isRefused == true }) {
                self.init(refusedAt: address)
            } else if let first = error.connectionErrors.first {
                self.init(.unreachable, "cannot reach \(address): \(first.error)", isUnsent: true)
            } else {
                self.init(
                    .unreachable, "cannot reach \(address): unknown host \(error.host)",
                    isUnsent: true)
            }
        case let error as HTTPClientError where error == .connectTimeout:
            self.init(
                .unreachable, "cannot reach \(address): connecting timed out", isUnsent: true)
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            self.init(.timedOut, "\(address) did not reply in time")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            self.init(.connectionClosed, "\(address) closed the connection before replying")
        case let error as HTTPClientError:
            self.init(.unreachable, "cannot reach \(address): \(error.shortDescription)")
        case let error as NIOSSLError:
            self.init(.untrusted, "no trusted connection to \(address): \(error)", isUnsent: true)
        case is NIOSSLExtraError:
            self.init(
                .untrusted, "no trusted connection to \(address): the certificate is for another name",
                isUnsent: true)
        case is NIOTooManyBytesError:
            self.init(.unexpectedAnswer, "the reply of \(address) is too large")
        default:
            self.init(.unreachable, "cannot reach \(address): \(error)")
        }
    }

    private init(refusedAt address: String) {
        self.init(.connectionRefused, "no server is listening at \(address)", isUnsent: true)
    }
}

extension IOError {
    fileprivate var isRefused: Bool { Errno(rawValue: errnoCode) == .connectionRefused }
}
