import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import XQueueCore

/// The HTTP API as a command sees it.
struct APIClient: Sendable {
    /// The largest reply that is read. A page of tasks ends once it has 8 MiB of payloads, but a single task may be
    /// larger where the server takes such.
    private static let maxReplyBytes = 192 << 20
    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(5)

    /// Without a slash at its end.
    let address: String
    let token: String?
    let http: HTTPClient
    let timeout: TimeAmount
    /// How long a request is sent again while there is no answer.
    let patience: Duration

    /// What the server answered, if that was a success.
    struct Reply {
        let status: Int
        let text: String

        func decoded<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        }
    }

    /// Calls the API.
    ///
    /// - Parameters:
    ///   - path: Behind `/api/v1`.
    ///   - isRepeatable: Whether sending the request twice does no harm. One that has not left is sent again
    ///     in any case.
    /// - Throws: ``ClientError`` if the server cannot be reached or refuses.
    func call(
        _ method: HTTPMethod, _ path: String, _ query: [(name: String, value: String)] = [],
        body: String? = nil, isRepeatable: Bool
    ) async throws -> Reply {
        var pause = Self.firstPause
        let end = ContinuousClock.now + patience
        while true {
            do {
                return try await callOnce(method, path, query, body)
            } catch let error as ClientError where error.isPassing && (isRepeatable || error.isUnsent) {
                let wait = error.retryAfter.map { Duration.seconds($0) } ?? pause
                guard ContinuousClock.now + wait < end else { throw error }
                try await Task.sleep(for: wait)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    func get(_ path: String, _ query: [(name: String, value: String)] = []) async throws -> Reply {
        try await call(.GET, path, query, isRepeatable: true)
    }

    func post(_ path: String, body: String? = nil, isRepeatable: Bool) async throws -> Reply {
        try await call(.POST, path, body: body, isRepeatable: isRepeatable)
    }

    func delete(_ path: String) async throws -> Reply {
        try await call(.DELETE, path, isRepeatable: false)
    }

    private func callOnce(
        _ method: HTTPMethod, _ path: String, _ query: [(name: String, value: String)], _ body: String?
    ) async throws -> Reply {
        var request = request(path, query)
        request.method = method
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        let (response, text) = try await sent {
            let response = try await http.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: Self.maxReplyBytes)
            return (response, String(buffer: body))
        }
        guard 200..<300 ~= Int(response.status.code) else { throw Self.refusal(response, text) }
        return Reply(status: Int(response.status.code), text: text)
    }

    /// Opens the event stream.
    ///
    /// - Parameter query: Names and values of the filters.
    /// - Returns: The messages until the server or the connection ends them.
    func events(
        _ query: [(name: String, value: String)], after cursor: String?
    ) async throws -> ServerSentEvents {
        var request = request("/events", query)
        request.headers.add(name: "Accept", value: "text/event-stream")
        if let cursor { request.headers.add(name: "Last-Event-ID", value: cursor) }
        let stream = request
        // A stream has no end of its own.
        let response = try await sent { try await http.execute(stream, timeout: .hours(24 * 365)) }
        guard response.status == .ok else {
            let body = try await response.body.collect(upTo: Self.maxReplyBytes)
            throw Self.refusal(response, String(buffer: body))
        }
        return ServerSentEvents(body: response.body)
    }

    private func request(_ path: String, _ query: [(name: String, value: String)]) -> HTTPClientRequest {
        var components = URLComponents()
        components.queryItems = query.map { URLQueryItem(name: $0.name, value: $0.value) }
        let filter = components.percentEncodedQuery.map { $0.isEmpty ? "" : "?" + $0 } ?? ""
        let plusIsLiteral = filter.replacing("+", with: "%2B")
        var request = HTTPClientRequest(url: "\(address)/api/v1\(path)\(plusIsLiteral)")
        request.headers.add(name: "User-Agent", value: "xqueue/\(Version.current)")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        return request
    }

    private func sent<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw ClientError(unreachable: address, error)
        }
    }

    /// The server's own words for what is wrong, if it said any.
    private static func refusal(_ response: HTTPClientResponse, _ text: String) -> ClientError {
        struct Words: Decodable {
            let error: String
            let code: String?
            let field: String?
        }
        let words = try? JSONDecoder().decode(Words.self, from: Data(text.utf8))
        var error = ClientError(
            words?.error ?? "the server answered \(response.status)", status: Int(response.status.code))
        error.code = words?.code
        error.field = words?.field
        error.retryAfter = response.headers.first(name: "Retry-After").flatMap { Double($0) }
        return error
    }
}
