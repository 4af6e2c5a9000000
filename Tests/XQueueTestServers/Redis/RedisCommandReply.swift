/// A Redis server's reply to a test's command.
package enum RedisCommandReply: Sendable, Hashable {
    case text(String)
    case number(Int)
    case list([RedisCommandReply])
    case none
    case error(String)

    /// The value of a string or number, as text.
    package var text: String? {
        switch self {
        case .text(let text): text
        case .number(let number): String(number)
        case .list, .none, .error: nil
        }
    }

    package var number: Int? { text.flatMap { Int($0) } }

    package var list: [RedisCommandReply] {
        if case .list(let replies) = self { replies } else { [] }
    }

    /// Parses a reply at the start of `bytes`.
    ///
    /// - Returns: The reply and the remaining bytes; nil if it is incomplete.
    static func read(_ bytes: ArraySlice<UInt8>) -> (reply: RedisCommandReply, rest: ArraySlice<UInt8>)? {
        guard let kind = bytes.first, let end = bytes.firstIndex(of: UInt8(ascii: "\r")),
            bytes.endIndex > end + 1
        else { return nil }
        let line = String(decoding: bytes[(bytes.startIndex + 1)..<end], as: UTF8.self)
        let rest = bytes[(end + 2)...]
        switch kind {
        case UInt8(ascii: "+"): return (.text(line), rest)
        case UInt8(ascii: "-"): return (.error(line), rest)
        case UInt8(ascii: ":"): return (.number(Int(line) ?? 0), rest)
        case UInt8(ascii: "$"):
            guard let count = Int(line), count >= 0 else { return (.none, rest) }
            guard rest.count >= count + 2 else { return nil }
            let text = String(decoding: rest.prefix(count), as: UTF8.self)
            return (.text(text), rest.dropFirst(count + 2))
        case UInt8(ascii: "*"):
            guard let count = Int(line), count >= 0 else { return (.none, rest) }
            var replies: [RedisCommandReply] = []
            var following = rest
            for _ in 0..<count {
                guard let next = read(following) else { return nil }
                replies.append(next.reply)
                following = next.rest
            }
            return (.list(replies), following)
        default: return (.error("not a valid reply: \(line)"), rest)
        }
    }
}

extension Optional {
    /// Returns the value, which a working server always sends.
    ///
    /// - Parameter what: Name of the value, for the error message.
    /// - Throws: ``UnexpectedReply`` if the reply has no value.
    func orThrow(_ what: String) throws -> Wrapped {
        guard let value = self else { throw UnexpectedReply(what: what) }
        return value
    }
}

/// A server's reply lacks the requested value.
struct UnexpectedReply: Error, CustomStringConvertible {
    let what: String

    var description: String { "unexpected reply from Redis: no \(what)" }
}
