import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import XQueueCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// One call of the API, and what it answers.
package struct ClientRequest<Answer: Decodable & Sendable>: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case delete = "DELETE"
    }

    let method: Method
    /// Behind `/api/v1`.
    let path: String
    var query: [(name: String, value: String)] = []
    /// JSON.
    var body: String?
    /// Whether sending the request twice does no harm.
    var isRepeatable = true
    /// How long the server waits on purpose before it answers.
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
}

/// What the server answered, if that was a success.
package struct ClientReply<Answer: Decodable & Sendable>: Sendable {
    package let status: Int
    /// The answer as the server wrote it.
    package let text: String

    /// An answer that came by whatever way.
    package init(status: Int, text: String) {
        self.status = status
        self.text = text
    }

    /// The answer as a value.
    ///
    /// - Throws: ``QueueClientError`` `unexpected_answer` if it is not what the API answers.
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
                .unexpectedAnswer, "the server's answer is not that of an XQueue server: \(error)",
                status: status)
        }
    }
}

extension QueueClient {
    /// The largest reply that is read. A page of tasks ends once it has 8 MiB of payloads, but a single task may be
    /// larger where the server takes such.
    private static let maxReplyBytes = 192 << 20
    private static let firstPause = Duration.milliseconds(100)
    private static let longestPause = Duration.seconds(5)

    /// Calls the API.
    ///
    /// - Parameter request: The call. One that has not left is sent again, within the client's patience, whether or not
    ///   it may be repeated.
    /// - Throws: ``QueueClientError`` if the server cannot be reached or refuses.
    package func reply<Answer>(to request: ClientRequest<Answer>) async throws -> ClientReply<Answer> {
        var pause = Self.firstPause
        let end = ContinuousClock.now + min(configuration.patience, ModelLimits.longestDuration)
        while true {
            do {
                return try await replyOnce(to: request)
            } catch let error as QueueClientError
                where error.isPassing && (request.isRepeatable || error.isUnsent)
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
        let timeout = TimeAmount(min(configuration.timeout + call.wait, ModelLimits.longestDuration))
        let (response, text) = try await sent { [request] in
            let response = try await http.execute(request, timeout: timeout)
            let body = try await response.body.collect(upTo: Self.maxReplyBytes)
            return (response, String(buffer: body))
        }
        guard 200..<300 ~= response.status.code else { throw Self.refusal(response, text) }
        return ClientReply(status: Int(response.status.code), text: text)
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
        // A stream has no end of its own.
        let response = try await sent { [request] in
            try await http.execute(request, timeout: .hours(24 * 365))
        }
        guard response.status == .ok else {
            let body = try await sent { try await response.body.collect(upTo: Self.maxReplyBytes) }
            throw Self.refusal(response, String(buffer: body))
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

    /// The server's own words for what is wrong, if it said any.
    private static func refusal(_ response: HTTPClientResponse, _ text: String) -> QueueClientError {
        struct Words: Decodable {
            let error: String
            let code: String?
            let field: String?
        }
        let words = try? JSONDecoder().decode(Words.self, from: Data(text.utf8))
        let wait = response.headers.first(name: "Retry-After").flatMap { Double($0) }
        return QueueClientError(
            words?.code.map { QueueClientError.Code(rawValue: $0) } ?? .unexpectedAnswer,
            words?.error ?? "the server answered \(response.status)", status: Int(response.status.code),
            field: words?.field,
            retryAfter: wait.flatMap { 0...86_400 ~= $0 ? .milliseconds(Int64($0 * 1000)) : nil })
    }
}

/// Text within an address.
enum PercentEncoding {
    /// The text with every byte encoded that could mean something in an address.
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
