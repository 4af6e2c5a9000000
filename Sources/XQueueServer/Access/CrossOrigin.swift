import HTTPTypes
import Hummingbird

/// Cross-origin resource sharing (CORS): lets pages of allowed origins read the server's replies.
///
/// Cookies are excluded: such a page presents a token, unless the server requires none.
struct CrossOrigin: Sendable {
    /// Such as `https://app.example.com`; `*` for all.
    let origins: Set<String>

    private static let requestMethod = HTTPField.Name("Access-Control-Request-Method")

    init(_ origins: [String]) {
        self.origins = Set(origins.map { $0.lowercased() })
    }

    var isOff: Bool { origins.isEmpty }

    func allows(_ origin: String) -> Bool {
        !isOff && (origins.contains("*") || origins.contains(origin.lowercased()))
    }

    /// Whether the request is a CORS preflight.
    static func isPreflight(_ request: HTTPRequest) -> Bool {
        guard request.method == .options, let requestMethod else { return false }
        return request.headerFields.contains(requestMethod) && request.headerFields.contains(.origin)
    }

    /// The reply to a preflight for a path that allows `methods`.
    func preflight(_ request: HTTPRequest, methods: String) -> Reply {
        var reply = Reply.options(allow: methods)
        guard let origin = request.headerFields[.origin], allows(origin) else { return reply }
        reply.headers[.accessControlAllowMethods] = methods
        reply.headers[.accessControlAllowHeaders] =
            "Authorization, Content-Type, If-Match, Last-Event-ID, traceparent, tracestate"
        reply.headers[.accessControlMaxAge] = "600"
        return reply
    }

    /// The CORS headers of the reply to `request`.
    func headers(for request: HTTPRequest) -> HTTPFields {
        guard !isOff else { return [:] }
        var headers: HTTPFields = [.vary: "Origin"]
        guard let origin = request.headerFields[.origin], allows(origin) else { return headers }
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlExposeHeaders] = "ETag, Location, Retry-After, WWW-Authenticate"
        return headers
    }
}
