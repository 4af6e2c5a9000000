import HTTPTypes
import Hummingbird
import NIOCore
import XQueue

/// A route of the API, with its handler.
struct Route: Sendable {
    typealias Handler = @Sendable (QueueAPI, APIRequest) async throws -> Reply

    let method: HTTPRequest.Method
    let path: PathPattern
    let scope: RouteScope
    /// The query parameters it accepts; any other is an error.
    let query: Set<String>
    /// Whether it affects all types, so that tokens limited to types may not use it.
    let isWholeQueue: Bool
    /// Whether ``EventGate`` opens a stream for clients that ask for one.
    let isStream: Bool
    /// Makes the reply; for a stream route, the reply to clients that ask for none.
    let handler: Handler

    init(
        _ method: HTTPRequest.Method, _ path: String, _ scope: RouteScope, query: Set<String> = [],
        wholeQueue: Bool = false, stream: Bool = false, _ handler: @escaping Handler
    ) {
        self.method = method
        self.path = PathPattern(path)
        self.scope = scope
        self.query = query
        isWholeQueue = wholeQueue
        isStream = stream
        self.handler = handler
    }
}

/// A request on its way to a handler.
struct APIRequest {
    let request: Request
    /// The caller, who has the route's scope.
    let caller: Caller
    /// The request's connection.
    let channel: any Channel
    /// The parts of the path that match the pattern's `{…}`.
    let parameters: [String]
    let query: QueryParameters

    /// The version in `If-Match`; nil without one or for `*`.
    func expectedVersion() throws(QueueError) -> Int? {
        guard let text = request.headers[.ifMatch], text != "*" else { return nil }
        let digits = text.hasPrefix("\"") && text.hasSuffix("\"") ? text.dropFirst().dropLast() : text[...]
        guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let version = Int(digits) else {
            throw .invalid("If-Match", "must be a version such as \"3\"")
        }
        return version
    }
}

/// A path such as `/api/v1/tasks/{id}/retry`.
struct PathPattern: Sendable, Hashable {
    let text: String
    private let segments: [Segment]

    private enum Segment: Sendable, Hashable {
        case literal(Substring)
        case parameter
    }

    init(_ text: String) {
        self.text = text
        segments = Self.split(text).map { $0.first == "{" ? .parameter : .literal($0) }
    }

    /// Whether a URL's path matches.
    func matches(_ address: Substring) -> Bool {
        address == text || parameters(of: Self.split(String(address))) != nil
    }

    var hasParameters: Bool { segments.contains(.parameter) }

    /// Returns the parts between slashes; doubled and trailing slashes are ignored.
    static func split(_ path: String) -> [Substring] {
        path.split(separator: "/")
    }

    /// Returns the percent-decoded parameters; nil if the path does not match.
    func parameters(of path: [Substring]) -> [String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String] = []
        for (segment, part) in zip(segments, path) {
            switch segment {
            case .literal(let literal):
                guard literal == part else { return nil }
            case .parameter:
                guard let value = PercentDecoding.decode(part) else { return nil }
                parameters.append(value)
            }
        }
        return parameters
    }
}

/// The scope a route requires.
enum RouteScope: String, Sendable, CaseIterable {
    /// No scope: open to anonymous callers.
    case `public`
    /// Submit, edit, cancel and retry tasks.
    case submit
    /// Read tasks, events and statistics.
    case read
    /// Claim and run tasks.
    case work
    /// Pause and limit types.
    case admin
}
