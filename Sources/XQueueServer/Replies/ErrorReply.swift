import HTTPTypes
import NIOCore
import XQueue
import XQueueCore

/// Error codes specific to HTTP. The raw values are the codes on the wire.
extension QueueError.Code {
    static let malformedHTTP = QueueError.Code(rawValue: "malformed_http")
    static let bodyTooLarge = QueueError.Code(rawValue: "body_too_large")
    static let headersTooLarge = QueueError.Code(rawValue: "headers_too_large")
    /// The request's host is not one of this server's.
    static let unknownHost = QueueError.Code(rawValue: "unknown_host")
    /// The connection limit is reached, and no connection is idle.
    static let tooManyConnections = QueueError.Code(rawValue: "too_many_connections")
    static let unsupportedMediaType = QueueError.Code(rawValue: "unsupported_media_type")
    static let methodNotAllowed = QueueError.Code(rawValue: "method_not_allowed")
    static let requestTimeout = QueueError.Code(rawValue: "request_timeout")
    static let foreignOrigin = QueueError.Code(rawValue: "foreign_origin")
    static let notAcceptable = QueueError.Code(rawValue: "not_acceptable")
    static let upgradeRequired = QueueError.Code(rawValue: "upgrade_required")
    /// The request has no valid token.
    static let unauthorized = QueueError.Code(rawValue: "unauthorized")
    /// The token lacks the scope or the task type.
    static let forbidden = QueueError.Code(rawValue: "forbidden")
    /// The token's request rate limit is exceeded.
    static let rateLimited = QueueError.Code(rawValue: "rate_limited")
    /// The ID belongs to a task that the token has no access to.
    static let idTaken = QueueError.Code(rawValue: "id_taken")
    /// The token's quota of task types is used up.
    static let typeQuotaExceeded = QueueError.Code(rawValue: "type_quota_exceeded")
    static let unexpected = QueueError.Code(rawValue: "internal")
}

/// Turns errors into HTTP replies: the one place that maps error codes to statuses.
enum ErrorReply {
    /// Maximum length of client input quoted in an error message, in bytes.
    static let quotedBytes = 200

    static func status(of code: QueueError.Code) -> HTTPResponse.Status {
        switch code {
        case .invalidField, .unknownField, .malformedJSON, .malformedHTTP: .badRequest
        case .notFound: .notFound
        case .unauthorized: .unauthorized
        case .foreignOrigin, .forbidden, .typeQuotaExceeded: .forbidden
        case .notAcceptable: .notAcceptable
        case .upgradeRequired: .upgradeRequired
        case .methodNotAllowed: .methodNotAllowed
        case .requestTimeout: .requestTimeout
        case .alreadyEnded, .notRequeueable, .notPending, .uniqueKeyTaken, .notUnique, .leaseLost, .typeInUse,
            .idTaken,
            .workerNameTaken:
            .conflict
        case .versionConflict: .preconditionFailed
        case .ownedByFile, .nameTaken: .conflict
        case .bodyTooLarge: .contentTooLarge
        case .rejected: .unprocessableContent
        case .unsupportedMediaType: .unsupportedMediaType
        case .backlogFull, .tooManyTypes, .rateLimited, .quotaExceeded: .tooManyRequests
        case .headersTooLarge: .requestHeaderFieldsTooLarge
        case .storeUnavailable, .intakeUnavailable, .tooManySubscribers, .tooManyWorkers, .stopped,
            .overloaded,
            .tooManyConnections:
            .serviceUnavailable
        case .unknownHost: .misdirectedRequest
        default: .internalServerError
        }
    }

    /// Seconds after which a retry may succeed; nil if the request itself is wrong.
    static func retryAfter(_ code: QueueError.Code) -> Int? {
        switch code {
        case .backlogFull, .overloaded, .tooManyConnections: 1
        case .storeUnavailable, .intakeUnavailable, .stopped: 2
        case .tooManySubscribers, .tooManyWorkers, .quotaExceeded: 5
        default: nil
        }
    }

    static func reply(for error: QueueError) -> Reply {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.member("error", error.message)
            writer.member("code", error.code.rawValue)
            if let field = error.field { writer.member("field", field) }
        }
        var reply = Reply.json(status(of: error.code), writer)
        if let seconds = retryAfter(error.code) { reply.headers[.retryAfter] = String(seconds) }
        switch error.code {
        // The rest of these requests is not read: the connection closes after the reply.
        case .bodyTooLarge, .headersTooLarge, .malformedHTTP, .requestTimeout:
            reply.headers[.connection] = "close"
        default: break
        }
        return reply
    }

    static func methodNotAllowed(_ method: HTTPRequest.Method, path: String, allow: String) -> Reply {
        let path = path.truncated(toBytes: quotedBytes)
        return reply(
            for: QueueError(.methodNotAllowed, "\(method.rawValue) is not allowed for \(path); use \(allow)")
        )
        .with(.allow, allow)
    }

    /// The reply to unexpected errors. The details go to the log only, not to the client.
    static let unexpected = reply(for: QueueError(.unexpected, "internal error"))
}
