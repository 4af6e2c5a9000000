import HTTPTypes
import XQueue

/// Why a request was not let in, and what its client is told of how to get in.
struct AccessRefusal: Error {
    let error: QueueError
    let header: (name: HTTPField.Name, value: String)?
    /// Whether a token was shown that is not good for anything.
    var isTokenWrong = false
    /// Whether its reply waits a moment: too many wrong tokens came from the address.
    var isSlowed = false

    /// No token, or one that is unknown, malformed or over.
    static func unauthorized(_ message: String, isTokenWrong: Bool) -> AccessRefusal {
        let challenge =
            isTokenWrong ? #"Bearer realm="xqueue", error="invalid_token""# : #"Bearer realm="xqueue""#
        return AccessRefusal(
            error: QueueError(.unauthorized, message), header: (.wwwAuthenticate, challenge),
            isTokenWrong: isTokenWrong)
    }

    static func missing(_ scope: RouteScope, _ caller: Caller) -> AccessRefusal {
        AccessRefusal(
            error: QueueError(
                .forbidden, "the token '\(caller.name ?? "")' does not have the scope '\(scope.rawValue)'"),
            header: (
                .wwwAuthenticate,
                #"Bearer realm="xqueue", error="insufficient_scope", scope="\#(scope.rawValue)""#
            ))
    }

    static let foreignOrigin = AccessRefusal(
        error: QueueError(.foreignOrigin, "a page of another origin may not do this"), header: nil)

    static func tooFast(retryAfter seconds: Int) -> AccessRefusal {
        AccessRefusal(
            error: QueueError(.rateLimited, "the token's limit of requests is used up"),
            header: (.retryAfter, String(seconds)))
    }

    static func tooManyFailures(retryAfter seconds: Int) -> AccessRefusal {
        AccessRefusal(
            error: QueueError(.rateLimited, "too many wrong tokens came from this address"),
            header: (.retryAfter, String(seconds)), isSlowed: true)
    }

    static let tooManySessions = AccessRefusal(
        error: QueueError(
            .quotaExceeded, "too many consoles are logged in; try again once one has logged out"),
        header: nil)

    var reply: Reply {
        let reply = ErrorReply.reply(for: error)
        return header.map { reply.with($0.name, $0.value) } ?? reply
    }
}
