import HTTPTypes
import Hummingbird
import NIOCore
import XQueue
import XQueueCore

/// Reads request bodies, up to a limit.
enum JSONBody {
    /// Minimum size limit of bodies to be repaired, in bytes: their long texts are truncated after parsing.
    private static let repairedBytes = 8 << 20

    /// The connection was lost while reading the body, so there is no client to reply to.
    struct Broken: Error {
        let cause: any Error
    }

    /// Reads the body as text.
    ///
    /// - Parameters:
    ///   - repairing: Whether to apply ``JSONRepair``.
    ///   - budget: Counts a large body while it arrives.
    /// - Throws: ``QueueError`` if the body is not declared as JSON, too large, empty or not UTF-8, or exceeds the
    ///   budget.
    static func text(
        of request: Request, limit: Int, repairing: Bool = false, budget: ByteBudget? = nil
    ) async throws -> String {
        let text = try await optionalText(of: request, limit: limit, repairing: repairing, budget: budget)
        guard let text else {
            throw QueueError(.malformedJSON, "the body is empty; it must be a JSON object")
        }
        return text
    }

    /// The same, but nil for an empty body, whatever its declared type.
    static func optionalText(
        of request: Request, limit: Int, repairing: Bool = false, budget: ByteBudget? = nil
    ) async throws -> String? {
        let limit = repairing ? max(limit, repairedBytes) : limit
        let announced = request.headers.value(of: .contentLength).flatMap { Int($0) }
        if let announced, announced > 0 {
            try checkMediaType(of: request)
            if announced > limit { throw tooLarge(limit) }
        }
        let buffer = try await read(request, limit: limit, budget)
        if let announced, buffer.readableBytes < announced { throw Broken(cause: ChannelError.inputClosed) }
        guard buffer.readableBytes > 0 else { return nil }
        try checkMediaType(of: request)
        if repairing { return JSONRepair.text(buffer.readableBytesView) }
        do {
            return try String(validUTF8: buffer.readableBytesView)
        } catch {
            throw QueueError(malformed: error)
        }
    }

    private static func read(
        _ request: Request, limit: Int, _ budget: ByteBudget?
    ) async throws -> ByteBuffer {
        var whole: ByteBuffer?
        // Released once the body has been read: what is parsed from it lives only until the reply is made.
        var share: ByteBudget.Share?
        defer { withExtendedLifetime(share) {} }
        var parts = request.body.makeAsyncIterator()
        while true {
            let part: ByteBuffer?
            do {
                part = try await parts.next()
            } catch {
                throw Broken(cause: error)
            }
            guard var part else { return whole ?? ByteBuffer() }
            guard (whole?.readableBytes ?? 0) + part.readableBytes <= limit else { throw tooLarge(limit) }
            if whole == nil { whole = part } else { whole?.writeBuffer(&part) }
            guard let budget, let size = whole?.readableBytes, size > ReplyBudget.uncounted else { continue }
            guard budget.free >= size - (share?.bytes ?? 0) else { throw QueueError.overloaded }
            if let share { share.resize(to: size) } else { share = budget.note(size) }
        }
    }

    /// Accepts JSON, for PATCH also as a merge patch, or no type at all: bodies are always JSON.
    private static func checkMediaType(of request: Request) throws(QueueError) {
        let header = request.headers.value(of: .contentType)
        guard let header, header != "application/json" else { return }
        let type = header.prefix { $0 != ";" && $0 != " " && $0 != "\t" }.lowercased()
        let isPatch = request.method == .patch && type == "application/merge-patch+json"
        guard isPatch || type == "application/json" else {
            throw QueueError(.unsupportedMediaType, "Content-Type must be application/json")
        }
    }

    private static func tooLarge(_ limit: Int) -> QueueError {
        QueueError(.bodyTooLarge, "the body is larger than \(limit) bytes")
    }
}

extension HTTPFields {
    /// Like the subscript, but faster in the usual case of a single field.
    fileprivate func value(of name: HTTPField.Name) -> String? {
        var found: String?
        for field in self where field.name == name {
            if found != nil { return self[name] }
            found = field.value
        }
        return found
    }
}
