import HTTPTypes
import Hummingbird
import NIOCore

/// One line of the API's table: what is answered by whom.
struct Route: Sendable {
    typealias Handler = @Sendable (QueueAPI, APIRequest) async throws -> Reply

    let method: HTTPRequest.Method
    let path: PathPattern
    let scope: RouteScope
    /// The names of the query parameters it takes; any other is an error.
    let query: Set<String>
    /// Whether it concerns all types, so that a token for some may not call it.
    let isWholeQueue: Bool
    /// Whether it is answered with a stream, which ``EventGate`` opens, to whoever asks for one.
    let isStream: Bool
    /// Makes the reply; of a stream, that to whoever asks for none.
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
    /// Whoever sent it; the route's scope is theirs.
    let caller: Caller
    /// The connection it came by.
    let channel: any Channel
    /// The parts of the path that stand where the pattern has `{…}`.
    let parameters: [String]
    let query: QueryParameters
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

    /// Whether an address without its query leads here.
    func matches(_ address: Substring) -> Bool {
        address == text || parameters(of: Self.split(String(address))) != nil
    }

    var hasParameters: Bool { segments.contains(.parameter) }

    /// The parts between slashes. Doubled and trailing slashes do not count.
    static func split(_ path: String) -> [Substring] {
        path.split(separator: "/")
    }

    /// The percent-decoded parameters, or nil if the path is another one.
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

/// What a caller must be allowed to do before a route answers.
enum RouteScope: String, Sendable, CaseIterable {
    /// Answers strangers, too.
    case `public`
    /// Brings tasks, and cancels or retries them.
    case submit
    /// Looks at tasks, events and numbers.
    case read
    /// Takes tasks and runs them.
    case work
    /// Pauses and limits types.
    case admin
}
