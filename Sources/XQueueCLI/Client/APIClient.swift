import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import XQueueCore

/// The HTTP API as a command sees it.
struct APIClient: Sendable {
    /// The largest reply that is read.
    private static let maxReplyBytes = 64 << 20

    /// Without a slash at its end.
    let address: String
    private let http = HTTPClient.shared

    init(address: String) {
        self.address = address
    }

    /// The task as the server tells it.
    ///
    /// - Throws: ``ClientError`` if there is none, or the server cannot be reached.
    func task(_ id: TaskID) async throws -> WatchedTask {
        let request = HTTPClientRequest(url: "\(address)/api/v1/tasks/\(id)")
        let response = try await send(request, timeout: .seconds(30))
        let body = try await response.body.collect(upTo: Self.maxReplyBytes)
        guard response.status == .ok else { throw Self.refusal(response.status, body) }
        return try JSONDecoder().decode(WatchedTask.self, from: Data(body.readableBytesView))
    }

    /// Opens the event stream.
    ///
    /// - Parameter query: Names and values of the filters.
    /// - Returns: The messages until the server or the connection ends them.
    func events(
        _ query: [(name: String, value: String)], after cursor: String?
    ) async throws -> ServerSentEvents {
        var components = URLComponents()
        components.queryItems = query.map { URLQueryItem(name: $0.name, value: $0.value) }
        let filter = components.percentEncodedQuery.map { $0.isEmpty ? "" : "?" + $0 } ?? ""
        let plusIsLiteral = filter.replacing("+", with: "%2B")
        var request = HTTPClientRequest(url: "\(address)/api/v1/events\(plusIsLiteral)")
        request.headers.add(name: "Accept", value: "text/event-stream")
        if let cursor { request.headers.add(name: "Last-Event-ID", value: cursor) }
        // A stream has no end of its own: only its beginning may take too long.
        let response = try await send(request, timeout: .hours(24 * 365))
        guard response.status == .ok else {
            throw Self.refusal(response.status, try await response.body.collect(upTo: Self.maxReplyBytes))
        }
        return ServerSentEvents(body: response.body)
    }

    private func send(_ request: HTTPClientRequest, timeout: TimeAmount) async throws -> HTTPClientResponse {
        do {
            return try await http.execute(request, timeout: timeout)
        } catch let error as HTTPClientError {
            throw ClientError("cannot reach \(address): \(error.description)")
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw ClientError("cannot reach \(address): \(error)")
        }
    }

    /// The server's own words for what is wrong, if it said any.
    private static func refusal(_ status: HTTPResponseStatus, _ body: ByteBuffer) -> ClientError {
        struct Reply: Decodable { let error: String }
        let reply = try? JSONDecoder().decode(Reply.self, from: Data(body.readableBytesView))
        return ClientError(reply?.error ?? "the server answered \(status)", status: Int(status.code))
    }
}
