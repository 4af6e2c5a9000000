import HTTPTypes
import Hummingbird
import NIOCore
import XQueue
import XQueueCore

/// The reply to a request.
struct Reply: Sendable {
    let status: HTTPResponse.Status
    var headers: HTTPFields
    let body: ReplyBody
    /// The reply's share of the budget; nil for a small reply.
    var share: ByteBudget.Share?

    init(status: HTTPResponse.Status, headers: HTTPFields, body: ByteBuffer) {
        self.init(status: status, headers: headers, body: .buffer(body))
    }

    init(status: HTTPResponse.Status, headers: HTTPFields, body: ReplyBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A reply with JSON as its body.
    static func json(_ status: HTTPResponse.Status = .ok, _ writer: JSONWriter) -> Reply {
        let isLarge = writer.count > ReplyBudget.uncounted
        return Reply(
            status: status, headers: jsonHeaders,
            body: isLarge
                ? .pieces(writer.pieces, count: writer.count) : .buffer(ByteBuffer(bytes: writer.bytes)))
    }

    /// The reply to `OPTIONS`.
    static func options(allow: String) -> Reply {
        var headers = apiHeaders
        headers[.allow] = allow
        return Reply(status: .noContent, headers: headers, body: ByteBuffer())
    }

    /// Returns the reply with an additional header, which it must not have yet.
    func with(_ name: HTTPField.Name, _ value: String) -> Reply {
        var reply = self
        reply.headers.append(HTTPField(name: name, value: value))
        return reply
    }

    /// - Parameter channel: The connection, or its stream, that the response is written to.
    func response(on channel: any Channel) -> Response {
        // Replies that cannot have content must not have a Content-Length either (RFC 9110, section 8.6).
        guard status != .noContent, status != .notModified else {
            var response = Response(status: status, headers: headers)
            response.headers[.contentLength] = nil
            return response
        }
        return Response(status: status, headers: headers, body: responseBody(on: channel))
    }

    /// Sends a large body in small buffers, as fast as the client reads, and shrinks its share of the budget meanwhile.
    private func responseBody(on channel: any Channel) -> ResponseBody {
        guard let share else { return ResponseBody(byteBuffer: body.buffer) }
        let rest = ReplyRest(body)
        return ResponseBody(contentLength: body.count) { [share] writer in
            while let buffer = rest.next() {
                try await writer.write(buffer)
                // `write` returns before its buffer has reached the event loop, and waits only once the event loop has
                // found the socket full: without this, dozens of buffers would be on their way to a client that reads
                // nothing.
                let held = rest.heldBytes
                if held > 0 { try await channel.eventLoop.submit {}.get() }
                share.resize(to: held)
            }
            try await writer.finish(nil)
        }
    }

    /// The headers of all API replies: no caching, no content sniffing.
    static let apiHeaders: HTTPFields = [.cacheControl: "no-store", .xContentTypeOptions: "nosniff"]

    private static let jsonHeaders: HTTPFields = [
        .contentType: "application/json; charset=utf-8", .cacheControl: "no-store",
        .xContentTypeOptions: "nosniff",
    ]
}
