import HTTPTypes
import Hummingbird
import NIOCore
import XQueueCore

/// What is sent back, written in one piece.
struct Reply: Sendable {
    let status: HTTPResponse.Status
    var headers: HTTPFields
    let body: ByteBuffer

    /// A reply with JSON as its body.
    static func json(_ status: HTTPResponse.Status = .ok, _ writer: JSONWriter) -> Reply {
        Reply(status: status, headers: jsonHeaders, body: ByteBuffer(bytes: writer.bytes))
    }

    /// The answer to `OPTIONS`.
    static func options(allow: String) -> Reply {
        Reply(status: .noContent, headers: [.allow: allow], body: ByteBuffer())
    }

    /// The same reply with one more header, which it does not have yet.
    func with(_ name: HTTPField.Name, _ value: String) -> Reply {
        var reply = self
        reply.headers.append(HTTPField(name: name, value: value))
        return reply
    }

    var response: Response {
        // A reply that cannot have content has no Content-Length either (RFC 9110, section 8.6).
        guard status != .noContent, status != .notModified else {
            var response = Response(status: status, headers: headers)
            response.headers[.contentLength] = nil
            return response
        }
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }

    private static let jsonHeaders: HTTPFields = [.contentType: "application/json; charset=utf-8"]
}
