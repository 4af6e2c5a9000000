import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import SystemPackage

/// Why a request got no answer that can be used.
public struct QueueClientError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of error: what the server calls it (`not_found`, `already_ended`, `backlog_full` …), or one of those below.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The word.
        public let rawValue: String

        /// The code that is called so.
        ///
        /// - Parameter rawValue: The word.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The word.
        public var description: String { rawValue }

        /// The client cannot be made of its configuration.
        public static let badConfiguration = Code(rawValue: "bad_configuration")
        /// Nothing listens at the address.
        public static let connectionRefused = Code(rawValue: "connection_refused")
        /// The server cannot be reached.
        public static let unreachable = Code(rawValue: "unreachable")
        /// The server's certificate is not trusted.
        public static let untrusted = Code(rawValue: "untrusted")
        /// The server took too long to answer.
        public static let timedOut = Code(rawValue: "timed_out")
        /// The connection was closed before there was an answer.
        public static let connectionClosed = Code(rawValue: "connection_closed")
        /// The answer is too large, or not what the API answers: the address may be another server's.
        public static let unexpectedAnswer = Code(rawValue: "unexpected_answer")
        /// There is no such task, type, worker or lease.
        public static let notFound = Code(rawValue: "not_found")
        /// The lease is no longer held.
        public static let leaseLost = Code(rawValue: "lease_lost")
    }

    /// The kind of error, for programs.
    public let code: Code
    /// What is wrong in one line, for people.
    public let message: String
    /// The status of the server's answer; nil if there was none.
    public let status: Int?
    /// The part of the request that the error is about, such as `tasks[17].priority`.
    public let field: String?
    /// After how long the server wants to be asked again.
    public let retryAfter: Duration?
    /// Whether the request has surely not reached the server: it can be sent again whatever it asks for.
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
    public var isPassing: Bool {
        switch (code, status) {
        case (.badConfiguration, _), (.unexpectedAnswer, nil): false
        case (_, nil): true
        case (_, 429): retryAfter != nil
        case (_, .some(let status)): status >= 500 || status == 408
        }
    }
}

extension QueueClientError {
    /// Why there is no answer from `address`.
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
                    .unreachable, "cannot reach \(address): the host \(error.host) is not known",
                    isUnsent: true)
            }
        case let error as HTTPClientError where error == .connectTimeout:
            self.init(
                .unreachable, "cannot reach \(address): it does not take the connection", isUnsent: true)
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            self.init(.timedOut, "\(address) does not answer in time")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            self.init(.connectionClosed, "\(address) closed the connection before it answered")
        case let error as HTTPClientError:
            self.init(.unreachable, "cannot reach \(address): \(error.shortDescription)")
        case let error as NIOSSLError:
            self.init(.untrusted, "no trusted connection to \(address): \(error)", isUnsent: true)
        case is NIOSSLExtraError:
            self.init(
                .untrusted, "no trusted connection to \(address): its certificate is for another name",
                isUnsent: true)
        case is NIOTooManyBytesError:
            self.init(.unexpectedAnswer, "the answer of \(address) is too large")
        default:
            self.init(.unreachable, "cannot reach \(address): \(error)")
        }
    }

    private init(refusedAt address: String) {
        self.init(.connectionRefused, "no server answers at \(address)", isUnsent: true)
    }
}

extension IOError {
    fileprivate var isRefused: Bool { Errno(rawValue: errnoCode) == .connectionRefused }
}
