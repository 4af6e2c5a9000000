import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import XQueue
import XQueueCore

/// Finds the route of a request and answers it, or says what is wrong with the address or the method.
///
/// `HEAD` is answered wherever `GET` is, and `OPTIONS` everywhere.
struct RouteTable: HTTPResponder {
    typealias Context = ServerRequestContext

    private let api: QueueAPI
    private let exact: [String: Endpoint]
    private let patterns: [Endpoint]

    init(routes: [Route], api: QueueAPI) {
        self.api = api
        var endpoints: [Endpoint] = []
        for route in routes {
            if let index = endpoints.firstIndex(where: { $0.path == route.path }) {
                endpoints[index].routes.append(route)
            } else {
                endpoints.append(Endpoint(path: route.path, routes: [route]))
            }
        }
        patterns = endpoints
        exact = Dictionary(
            endpoints.filter { !$0.path.hasParameters }.map { ($0.path.text, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    func respond(to request: Request, context: Context) async throws -> Response {
        let reply: Reply
        do {
            reply = try await self.reply(to: request, on: context.channel)
        } catch let error as QueueError {
            reply = ErrorReply.reply(for: error)
        } catch let error as JSONBody.Broken {
            throw error.cause
        } catch {
            context.logger.error(
                "A request failed unexpectedly",
                metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            reply = ErrorReply.unexpected
        }
        return request.method == .head ? reply.response.createHeadResponse() : reply.response
    }

    private func reply(to request: Request, on channel: any Channel) async throws -> Reply {
        let path = request.uri.path
        guard let (endpoint, parameters) = endpoint(at: path) else {
            throw QueueError(
                .notFound, "there is nothing at \(path.truncated(toBytes: ErrorReply.quotedBytes))")
        }
        guard let route = endpoint.route(for: request.method) else {
            return request.method == .options
                ? Reply.options(allow: endpoint.allow)
                : ErrorReply.methodNotAllowed(request.method, path: path, allow: endpoint.allow)
        }
        return try await route.handler(
            api,
            APIRequest(
                request: request, channel: channel, parameters: parameters,
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
    var routes: [Route]

    func route(for method: HTTPRequest.Method) -> Route? {
        let wanted = method == .head ? .get : method
        return routes.first { $0.method == wanted }
    }

    /// The methods, as the `Allow` header has them.
    var allow: String {
        var names = routes.map(\.method.rawValue)
        if names.contains("GET") { names.append("HEAD") }
        names.append("OPTIONS")
        return names.joined(separator: ", ")
    }
}

/// What the server keeps of a request's surroundings.
struct ServerRequestContext: InitializableFromSource {
    let channel: any Channel
    let logger: Logger

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
        logger = source.logger
    }
}
