import HTTPTypes
import XQueue

/// Why a request was not let in, and what its client is told of how to get in.
struct AccessRefusal: Error {
    let error: QueueError
    let header: (name: HTTPField.Name, value: String)?

    /// No token, or one that is unknown, malformed or over.
    static func unauthorized(_ message: String, isTokenWrong: Bool) -> AccessRefusal {
        let challenge =
            isTokenWrong ? #"Bearer realm="xqueue", error="invalid_token""# : #"Bearer realm="xqueue""#
        return AccessRefusal(
            error: QueueError(.unauthorized, message), header: (.wwwAuthenticate, challenge))
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

    var reply: Reply {
        let reply = ErrorReply.reply(for: error)
        return header.map { reply.with($0.name, $0.value) } ?? reply
    }
}
