import HTTPTypes
import HummingbirdCore
import NIOCore
import XQueue

extension QueueAPI {
    /// `GET /api/v1/events` of a client that does not ask for a stream, and `HEAD` of one that does.
    ///
    /// Streams themselves never come here: ``EventGate`` takes their connections.
    func events(_ request: APIRequest) throws -> Reply {
        let headers = request.request.headers
        _ = try EventRequest(request.query, headers: headers)
        guard EventRequest.acceptsFeed(headers) else {
            throw QueueError(
                .notAcceptable,
                "events come as a stream: ask with Accept: text/event-stream, or upgrade to a WebSocket")
        }
        var answer = Reply.apiHeaders
        answer[.contentType] = "text/event-stream"
        return Reply(status: .ok, headers: answer, body: ByteBuffer())
    }
}
