import HTTPTypes
import XQueue

/// The credential a request presents.
enum Credential {
    case none
    /// `Authorization: Bearer …`
    case bearer(String)
    /// A console's session cookie.
    case session(String)
    /// An `Authorization` header with another scheme.
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

/// An event stream's permission to continue: its client's token or session, and a slot in the token's stream quota,
/// released on deinit.
final class StreamPass {
    private let access: AccessControl
    private let caller: Caller
    private let head: HTTPRequest
    private var revision: Int

    /// - Throws: ``XQueue/QueueError`` if the token's stream quota is used up.
    init(_ access: AccessControl, _ caller: Caller, _ head: HTTPRequest) throws(QueueError) {
        // Outdated on purpose: access may have been revoked since the caller was admitted.
        revision = access.watch.revision - 1
        try access.ledger.acquire(.stream, caller)
        self.access = access
        self.caller = caller
        self.head = head
    }

    deinit { access.ledger.release(.stream, caller) }

    /// Whether the client still has access to what it subscribed to.
    var holds: Bool {
        revision = access.watch.revision
        return access.stillHolds(caller, head)
    }

    /// The same, checked only if access may have been revoked since the last check.
    var stillHolds: Bool { revision == access.watch.revision || holds }
}

@available(*, unavailable)
extension StreamPass: Sendable {}
