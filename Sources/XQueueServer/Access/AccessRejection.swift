import HTTPTypes
import XQueue

/// Why a request was rejected, with the response header that tells the client how to proceed.
struct AccessRejection: Error {
    let error: QueueError
    let header: (name: HTTPField.Name, value: String)?
    /// Whether an invalid token was presented.
    var isTokenWrong = false
    /// Whether to delay the reply, after too many invalid tokens from the address.
    var isSlowed = false

    /// A missing, unknown, malformed or expired token.
    static func unauthorized(_ message: String, isTokenWrong: Bool) -> AccessRejection {
        let challenge =
            isTokenWrong ? #"Bearer realm="xqueue", error="invalid_token""# : #"Bearer realm="xqueue""#
        return AccessRejection(
            error: QueueError(.unauthorized, message), header: (.wwwAuthenticate, challenge),
            isTokenWrong: isTokenWrong)
    }

    static func missing(_ scope: RouteScope, _ caller: Caller) -> AccessRejection {
        AccessRejection(
            error: QueueError(
                .forbidden, "token '\(caller.name ?? "")' lacks the scope '\(scope.rawValue)'"),
            header: (
                .wwwAuthenticate,
                #"Bearer realm="xqueue", error="insufficient_scope", scope="\#(scope.rawValue)""#
            ))
    }

    static let foreignOrigin = AccessRejection(
        error: QueueError(.foreignOrigin, "cross-origin request rejected"), header: nil)

    static func tooFast(retryAfter seconds: Int) -> AccessRejection {
        AccessRejection(
            error: QueueError(.rateLimited, "the token's request rate limit is exceeded"),
            header: (.retryAfter, String(seconds)))
    }

    static func tooManyFailures(retryAfter seconds: Int) -> AccessRejection {
        AccessRejection(
            error: QueueError(.rateLimited, "too many invalid tokens from this address"),
            header: (.retryAfter, String(seconds)), isSlowed: true)
    }

    static let tooManySessions = AccessRejection(
        error: QueueError(
            .quotaExceeded, "too many console sessions; try again after one has ended"),
        header: nil)

    var reply: Reply {
        let reply = ErrorReply.reply(for: error)
        return header.map { reply.with($0.name, $0.value) } ?? reply
    }
}
