import HTTPTypes
import HummingbirdCore
import NIOCore
import XQueue

extension QueueAPI {
    /// Nothing but the console's own files may run, load or frame; no style or script stands in the page.
    private static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
        "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    /// `GET /` and `GET /console/{file}`
    func consoleFile(_ name: String, _ request: APIRequest) throws -> Reply {
        guard let file = ConsoleFile.all[name] else {
            throw QueueError(.notFound, "the console has no such file")
        }
        var headers: HTTPFields = [
            .contentType: file.mediaType,
            .eTag: file.entityTag,
            // To be asked for each time, and answered in a few bytes while it is the same.
            .cacheControl: "no-cache",
            .contentSecurityPolicy: Self.contentSecurityPolicy,
            .xContentTypeOptions: "nosniff",
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        let known = request.request.headers[values: .ifNoneMatch].joined(separator: ",")
        if known.split(separator: ",").contains(where: { $0.trimmed == file.entityTag }) {
            return Reply(status: .notModified, headers: headers, body: ByteBuffer())
        }
        return Reply(status: .ok, headers: headers, body: file.content)
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        drop { $0 == " " }
    }
}
