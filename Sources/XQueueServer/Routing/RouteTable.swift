import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import XQueue
import XQueueCore

/// Routes requests to their handlers, or replies with an error for an unknown path or method.
///
/// `HEAD` is supported wherever `GET` is, and `OPTIONS` everywhere.
struct RouteTable: HTTPResponder {
    typealias Context = ServerRequestContext

    /// How long to delay replies to an address that has presented too many invalid tokens.
    private static let rejectionDelay = Duration.seconds(1)

    private let api: QueueAPI
    private let exact: [String: Endpoint]
    private let patterns: [Endpoint]
    /// The stream routes, whose requests ``EventGate`` intercepts.
    let streams: [Route]
    /// Metrics of requests that match no route.
    private let unrouted: RouteMetrics?

    init(routes: [Route], api: QueueAPI) {
        self.api = api
        var endpoints: [Endpoint] = []
        for route in routes {
            let known = endpoints.firstIndex { $0.path == route.path }
            if known == nil { endpoints.append(Endpoint(path: route.path)) }
            let index = known ?? endpoints.count - 1
            endpoints[index].routes.append(route)
            endpoints[index].metrics[route.method] = api.metrics.map {
                RouteMetrics("\(route.method.rawValue) \(route.path.text)", $0)
            }
        }
        streams = routes.filter(\.isStream)
        unrouted = api.metrics.map { RouteMetrics(nil, $0) }
        patterns = endpoints
        exact = Dictionary(
            endpoints.filter { !$0.path.hasParameters }.map { ($0.path.text, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        let start = ContinuousClock.now
        let match = endpoint(at: request.uri.path)
        var reply: Reply
        do {
            reply = try await self.reply(to: request, on: context.channel, at: match)
        } catch let error as QueueError {
            reply = ErrorReply.reply(for: error)
        } catch let rejection as AccessRejection {
            // The connection has nothing else to do meanwhile.
            if rejection.isSlowed { try? await Task.sleep(for: Self.rejectionDelay) }
            reply = rejection.reply
        } catch let error as JSONBody.Broken {
            throw error.cause
        } catch {
            context.logger.error(
                "Request failed unexpectedly",
                metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            reply = ErrorReply.unexpected
        }
        let crossOrigin = api.access.crossOrigin
        reply = api.budget.counted(reply)
        if !crossOrigin.isOff { reply.headers.append(contentsOf: crossOrigin.headers(for: request.head)) }
        (match?.0.metrics(for: request.method) ?? unrouted)?.answered(reply.status, since: start)
        let response = reply.response(on: context.channel)
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func reply(
        to request: Request, on channel: any Channel, at match: (Endpoint, [String])?
    ) async throws -> Reply {
        try api.hosts.check(request.head, isLocked: api.access.isLocked)
        try request.head.checkEncoding()
        let path = request.uri.path
        guard let (endpoint, parameters) = match else {
            throw QueueError(.notFound, "no such route: \(path.truncated(toBytes: ErrorReply.quotedBytes))")
        }
        guard let route = endpoint.route(for: request.method) else {
            if CrossOrigin.isPreflight(request.head) {
                return api.access.crossOrigin.preflight(request.head, methods: endpoint.allow)
            }
            return request.method == .options
                ? Reply.options(allow: endpoint.allow)
                : ErrorReply.methodNotAllowed(request.method, path: path, allow: endpoint.allow)
        }
        let caller = try await api.access.admit(request.head, to: route.scope, from: channel)
        if route.isWholeQueue { try caller.checkWholeQueue() }
        return try await route.handler(
            api,
            APIRequest(
                request: request, caller: caller, channel: channel, parameters: parameters,
                query: try QueryParameters(request.uri.query, allowed: route.query)))
    }

    private func endpoint(at path: String) -> (Endpoint, [String])? {
        if let endpoint = exact[path] { return (endpoint, []) }
        let segments = PathPattern.split(path)
        for endpoint in patterns {
            if let parameters = endpoint.path.parameters(of: segments) { return (endpoint, parameters) }
        }
        return nil
    }
}

/// The routes that share a path.
private struct Endpoint: Sendable {
    let path: PathPattern
    var routes: [Route] = []
    var metrics: [HTTPRequest.Method: RouteMetrics] = [:]

    func route(for method: HTTPRequest.Method) -> Route? {
        let wanted = method == .head ? .get : method
        return routes.first { $0.method == wanted }
    }

    func metrics(for method: HTTPRequest.Method) -> RouteMetrics? {
        metrics[method == .head ? .get : method]
    }

    /// The methods, as in the `Allow` header.
    var allow: String {
        var names = routes.map(\.method.rawValue)
        if names.contains("GET") { names.append("HEAD") }
        names.append("OPTIONS")
        return names.joined(separator: ", ")
    }
}

/// The context of a request.
struct ServerRequestContext: InitializableFromSource {
    let channel: any Channel
    let logger: Logger

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}
