import HTTPTypes
import Hummingbird
import NIOCore
import XQueue
import XQueueCore

/// Reads bodies of requests, and never more of one than its limit.
enum JSONBody {
    /// How large a body that is repaired may be at least: its texts are cut when they have been read.
    private static let repairedBytes = 8 << 20

    /// The connection broke while the body was read: there is nobody to answer.
    struct Broken: Error {
        let cause: any Error
    }

    /// The body's text.
    ///
    /// - Parameters:
    ///   - repairing: As for ``JSONRepair``.
    ///   - budget: What a large body is counted in while it arrives.
    /// - Throws: ``QueueError`` if it is not said to be JSON, too large, empty, or not UTF-8, or the budget has no
    ///   room for it.
    static func text(
        of request: Request, limit: Int, repairing: Bool = false, budget: ByteBudget? = nil
    ) async throws -> String {
        let text = try await optionalText(of: request, limit: limit, repairing: repairing, budget: budget)
        guard let text else {
            throw QueueError(.malformedJSON, "the body is empty; it must be a JSON object")
        }
        return text
    }

    /// The same, but nil for an empty body, which is of no type whatever the request says.
    static func optionalText(
        of request: Request, limit: Int, repairing: Bool = false, budget: ByteBudget? = nil
    ) async throws -> String? {
        let limit = repairing ? max(limit, repairedBytes) : limit
        let announced = request.headers.value(of: .contentLength).flatMap { Int($0) }
        if let announced, announced > 0 {
            try checkMediaType(request.headers.value(of: .contentType))
            if announced > limit { throw tooLarge(limit) }
        }
        let buffer = try await read(request, limit: limit, budget)
        if let announced, buffer.readableBytes < announced { throw Broken(cause: ChannelError.inputClosed) }
        guard buffer.readableBytes > 0 else { return nil }
        try checkMediaType(request.headers.value(of: .contentType))
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
        // Given back once the body is read: what is made of it lives only as long as it takes to answer.
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

    /// A missing type is taken for JSON: there is nothing else it could be.
    private static func checkMediaType(_ header: String?) throws(QueueError) {
        guard let header, header != "application/json" else { return }
        let type = header.prefix { $0 != ";" && $0 != " " && $0 != "\t" }
        guard type.lowercased() == "application/json" else {
            throw QueueError(.unsupportedMediaType, "the body must be application/json")
        }
    }

    private static func tooLarge(_ limit: Int) -> QueueError {
        QueueError(.bodyTooLarge, "the body is larger than \(limit) bytes")
    }
}

extension HTTPFields {
    /// As the subscript, without the work of joining what is one field nearly always.
    fileprivate func value(of name: HTTPField.Name) -> String? {
        var found: String?
        for field in self where field.name == name {
            if found != nil { return self[name] }
            found = field.value
        }
        return found
    }
}
