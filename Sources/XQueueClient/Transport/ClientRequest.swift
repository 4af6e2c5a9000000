import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import XQueueCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A request to the API with the type of its reply.
package struct ClientRequest<Answer: Decodable & Sendable>: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    let method: Method
    /// Path after `/api/v1`.
    let path: String
    var query: [(name: String, value: String)] = []
    /// JSON body.
    var body: String?
    /// The version that what it changes must have, 0 for none; nil for any.
    var version: Int?
    /// Whether the request is safe to send twice.
    var isRepeatable = true
    /// How long the server may deliberately delay its reply (long polling).
    var wait = Duration.zero

    init(
        _ method: Method, _ path: String, query: [(name: String, value: String)] = [], body: String? = nil,
        isRepeatable: Bool = true
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.isRepeatable = isRepeatable
    }

    /// The request with the version to change. Sent twice, the second one would find the version of the first.
    func changing(_ version: Int?) -> Self {
        var request = self
        request.version = version
        request.isRepeatable = version == nil
        return request
    }
}

/// A successful reply.
package struct ClientReply<Answer: Decodable & Sendable>: Sendable {
    package let status: Int
    /// The body as received.
    package let text: String

    /// Creates a reply.
    package init(status: Int, text: String) {
        self.status = status
        self.text = text
    }

    /// Decodes the reply.
    ///
    /// - Throws: ``QueueClientError`` `unexpected_answer` if it is not a reply of the API.
    package func decoded() throws(QueueClientError) -> Answer {
        do {
            var answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
            if var keeping = answer as? any KeepsJSON {
                try keeping.keep(RawJSON(trusted: text))
                answer = keeping as? Answer ?? answer
            }
            return answer
        } catch {
            throw QueueClientError(
                .unexpectedAnswer, "unexpected reply, not of an XQueue server: \(error)",
                status: status)
        }
    }
}

extension QueueClient {
    /// Maximum size of a reply. A page of tasks ends once it has 8 MiB of payloads, but a server may accept single tasks
    /// that are larger.
    private static let maxReplyBytes = 192 << 20
    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(5)

    /// Calls the API.
    ///
    /// - Parameter request: The request. It is retried within the client's retry timeout if it is repeatable or was not
    ///   sent.
    /// - Throws: ``QueueClientError`` if the server is unreachable or rejects the request.
    package func reply<Answer>(to request: ClientRequest<Answer>) async throws -> ClientReply<Answer> {
        var pause = Self.firstPause
        let end = ContinuousClock.now + min(configuration.retryTimeout, ModelLimits.maxDuration)
        while true {
            do {
                return try await replyOnce(to: request)
            } catch let error as QueueClientError
                where error.isTemporary && (request.isRepeatable || error.isUnsent)
            {
                let wait = error.retryAfter ?? pause
                guard ContinuousClock.now + wait < end else { throw error }
                try await Task.sleep(for: wait)
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    func answer<Answer>(to request: ClientRequest<Answer>) async throws -> Answer {
        try await reply(to: request).decoded()
    }

    private func replyOnce<Answer>(to call: ClientRequest<Answer>) async throws -> ClientReply<Answer> {
        var request = request(call.path, call.query)
        request.method = HTTPMethod(rawValue: call.method.rawValue)
        if let body = call.body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: body))
        }
        if let version = call.version { request.headers.add(name: "If-Match", value: "\"\(version)\"") }
        let timeout = TimeAmount(min(configuration.timeout + call.wait, ModelLimits.maxDuration))
        let (response, text) = try await sent { [request] in
            let response = try await http.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: Self.maxReplyBytes)
            return (response, String(buffer: body))
        }
        guard 200..<300 ~= response.status.code else { throw Self.rejection(response, text) }
        return ClientReply(status: Int(response.status.code), text: text)
    }

    /// Opens the event stream.
    ///
    /// - Parameter query: The filters.
    /// - Returns: The messages until the server or the connection ends them.
    func events(
        _ query: [(name: String, value: String)], after cursor: String?
    ) async throws -> ServerSentEvents {
        var request = request("/events", query)
        request.headers.add(name: "Accept", value: "text/event-stream")
        if let cursor { request.headers.add(name: "Last-Event-ID", value: cursor) }
        // A stream does not end by itself.
        let response = try await sent { [request] in
            try await http.execute(request, timeout: .hours(24 * 365))
        }
        guard response.status == .ok else {
            let body = try await sent { try await response.body.collect(upTo: Self.maxReplyBytes) }
            throw Self.rejection(response, String(buffer: body))
        }
        return ServerSentEvents(body: response.body)
    }

    private func request(_ path: String, _ query: [(name: String, value: String)]) -> HTTPClientRequest {
        let filter = query.map { "\($0.name)=\(PercentEncoding.encoded($0.value))" }.joined(separator: "&")
        var request = HTTPClientRequest(
            url: "\(address)/api/v1\(path)\(filter.isEmpty ? "" : "?")\(filter)")
        request.headers.add(name: "User-Agent", value: configuration.userAgent)
        if let token = configuration.token {
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
        }
        return request
    }

    private func sent<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw QueueClientError(at: address, error)
        }
    }

    /// Returns the server's error, or one made from the status if the body has none.
    private static func rejection(_ response: HTTPClientResponse, _ text: String) -> QueueClientError {
        struct Body: Decodable {
            let error: String
            let code: String?
            let field: String?
        }
        let body = try? JSONDecoder().decode(Body.self, from: Data(text.utf8))
        let wait = response.headers.first(name: "Retry-After").flatMap { Double($0) }
        return QueueClientError(
            body?.code.map { QueueClientError.Code(rawValue: $0) } ?? .unexpectedAnswer,
            body?.error ?? "unexpected reply: \(response.status)", status: Int(response.status.code),
            field: body?.field,
            retryAfter: wait.flatMap { 0...86_400 ~= $0 ? .milliseconds(Int64($0 * 1000)) : nil })
    }
}

/// Percent-encoding of text in a URL.
enum PercentEncoding {
    /// Encodes every byte that is not unreserved in a URL.
    static func encoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
