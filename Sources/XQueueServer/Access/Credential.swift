import HTTPTypes

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
