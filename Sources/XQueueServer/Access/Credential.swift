import HTTPTypes
import XQueue

/// What a request shows to be let in.
enum Credential {
    case none
    /// `Authorization: Bearer …`
    case bearer(String)
    /// The cookie of a console that is logged in.
    case session(String)
    /// An `Authorization` of another kind.
    case unknown

    static let cookieName = "xqueue_session"

    init(_ headers: HTTPFields) {
        if let text = headers[.authorization] {
            let scheme = text.prefix { $0 != " " }
            let token = text.dropFirst(scheme.count).drop { $0 == " " }
            self = scheme.lowercased() == "bearer" && !token.isEmpty ? .bearer(String(token)) : .unknown
        } else if let cookie = Self.cookie(headers) {
            self = .session(cookie)
        } else {
            self = .none
        }
    }

    private static func cookie(_ headers: HTTPFields) -> String? {
        for line in headers[values: .cookie] {
            for pair in line.split(separator: ";") {
                let pair = pair.drop { $0 == " " }
                if pair.hasPrefix(cookieName + "=") { return String(pair.dropFirst(cookieName.count + 1)) }
            }
        }
        return nil
    }
}

/// What lets a stream of events go on: its client's token or session, and a place among the token's streams, which is
/// given back when the stream is gone.
final class StreamPass {
    private let access: AccessControl
    private let caller: Caller
    private let head: HTTPRequest
    private var revision: Int

    /// - Throws: ``XQueue/QueueError`` if the token has as many streams as it may.
    init(_ access: AccessControl, _ caller: Caller, _ head: HTTPRequest) throws(QueueError) {
        // Before the look that the caller was let in with.
        revision = access.watch.revision - 1
        try access.ledger.take(.stream, caller)
        self.access = access
        self.caller = caller
        self.head = head
    }

    deinit { access.ledger.giveBack(.stream, caller) }

    /// Whether the client may still see what it asked for.
    var holds: Bool {
        revision = access.watch.revision
        return access.stillHolds(caller, head)
    }

    /// The same, looked up only if something was taken away since.
    var holdsStill: Bool { revision == access.watch.revision || holds }
}

@available(*, unavailable)
extension StreamPass: Sendable {}
