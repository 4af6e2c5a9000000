import HTTPTypes
import NIOCore
import XQueue
import XQueueCore

/// The errors only HTTP knows. The raw values are the words on the wire.
extension QueueError.Code {
    static let malformedHTTP = QueueError.Code(rawValue: "malformed_http")
    static let bodyTooLarge = QueueError.Code(rawValue: "body_too_large")
    static let headersTooLarge = QueueError.Code(rawValue: "headers_too_large")
    /// The request names a host that is not this server.
    static let unknownHost = QueueError.Code(rawValue: "unknown_host")
    /// There are as many connections as there may be, and none of them is idle.
    static let tooManyConnections = QueueError.Code(rawValue: "too_many_connections")
    static let unsupportedMediaType = QueueError.Code(rawValue: "unsupported_media_type")
    static let methodNotAllowed = QueueError.Code(rawValue: "method_not_allowed")
    static let requestTimeout = QueueError.Code(rawValue: "request_timeout")
    static let foreignOrigin = QueueError.Code(rawValue: "foreign_origin")
    static let notAcceptable = QueueError.Code(rawValue: "not_acceptable")
    static let upgradeRequired = QueueError.Code(rawValue: "upgrade_required")
    /// The request shows no token, or none that is known.
    static let unauthorized = QueueError.Code(rawValue: "unauthorized")
    /// The token is not for this.
    static let forbidden = QueueError.Code(rawValue: "forbidden")
    /// The token has made too many requests.
    static let rateLimited = QueueError.Code(rawValue: "rate_limited")
    /// The identifier belongs to a task that the token is not for.
    static let idTaken = QueueError.Code(rawValue: "id_taken")
    /// The token has brought as many task types as it may.
    static let typeQuotaExceeded = QueueError.Code(rawValue: "type_quota_exceeded")
    static let unexpected = QueueError.Code(rawValue: "internal")
}

/// Says errors in HTTP: the one place where a code becomes a status.
enum ErrorReply {
    /// How much of what a client sent is quoted back to it.
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
        case .alreadyEnded, .notRequeueable, .uniqueKeyTaken, .leaseLost, .typeInUse, .idTaken,
            .workerNameTaken:
            .conflict
        case .bodyTooLarge: .contentTooLarge
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

    /// After how many seconds trying again may help; nil if the request itself is wrong.
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
        // What is left of these requests is not worth reading: the connection ends with the reply.
        case .bodyTooLarge, .headersTooLarge, .malformedHTTP, .requestTimeout:
            reply.headers[.connection] = "close"
        default: break
        }
        return reply
    }

    static func methodNotAllowed(_ method: HTTPRequest.Method, path: String, allow: String) -> Reply {
        let path = path.truncated(toBytes: quotedBytes)
        return reply(for: QueueError(.methodNotAllowed, "\(path) takes \(allow), not \(method.rawValue)"))
            .with(.allow, allow)
    }

    /// The answer to what nobody thought of. The log says more; the client must not be told.
    static let unexpected = reply(for: QueueError(.unexpected, "internal error"))
}
