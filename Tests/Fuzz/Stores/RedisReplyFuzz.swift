#if Redis

import XQueueCore

@testable import XQueueRedis

extension FuzzReader {
    /// What a Redis server sends: the same replies however the network cuts them, readable as all that scripts return.
    static let redisReply = FuzzReader("redis-reply") { bytes in
        let stream = bytes.dropFirst()
        let whole = read([Array(stream)])
        let cut = read(stream.pieces(of: 1 + Int(bytes.first ?? 0) % 32))
        try require(
            whole.replies == cut.replies && whole.hasFailed == cut.hasFailed, "read otherwise in pieces")
        for reply in whole.replies { interpret(reply) }
        return !whole.hasFailed && !whole.replies.isEmpty
    }

    /// The text of `INFO`, of a redirection, and of an address.
    static let redisText = FuzzReader("redis-text") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let moved = RedisAddress(movedTo: text)
        let parsed = try? RedisAddress.Parsed(text)
        for case .host(_, let port)? in [moved?.place, parsed?.address.place] {
            try require(RedisAddress.ports ~= port, "port \(port)")
        }
        let report = ServerReport(text)
        return (try? report.checkRequirements()) != nil || moved != nil || parsed != nil
    }

    /// What other nodes publish, and how they announce themselves.
    static let redisSignal = FuzzReader("redis-signal") { bytes in
        let signals = StoreSignal.parse(bytes, except: "me")
        for case .due(let wait) in signals { try require(wait >= .zero, "due in \(wait)") }
        let node = NodeRecord(announcement: String(decoding: bytes, as: UTF8.self))
        try require((node?.load.total ?? 0) >= 0, "a negative capacity")
        return node != nil || !signals.isEmpty
    }

    private static func read(_ pieces: [[UInt8]]) -> (replies: [RedisReply], hasFailed: Bool) {
        var replies: [RedisReply] = []
        guard let reader = try? ReplyReader(maximumReplyBytes: 1 << 20) else { return ([], true) }
        for piece in pieces {
            let isRead = piece.withUnsafeBytes { bytes in
                (try? reader.read(bytes) { replies.append($0) }) != nil
            }
            guard isRead else { return (replies, true) }
        }
        return (replies, false)
    }

    private static func interpret(_ reply: RedisReply) {
        _ = try? reply.record
        _ = try? reply.time
        _ = try? LogPart(reply, after: .start, limit: 100)
        guard case .array(let elements) = reply else { return }
        for (name, value) in elements.pairs { _ = (try? name.text, try? value.int) }
        for element in elements { interpret(element) }
    }
}

#endif
