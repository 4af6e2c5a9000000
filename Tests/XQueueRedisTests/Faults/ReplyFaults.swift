#if Redis

import Synchronization
import XQueueCore
@testable import XQueueRedis
import XQueueTesting

/// Alters replies as a fault in transit or a foreign write could: changes numbers or bytes, removes parts, or replaces
/// them by another type. The same seed makes the same changes.
final class ReplyFaults: Sendable {
    private let random: SeededRandomSource
    /// Percentage of replies to alter.
    private let percent: Int
    private let changed = Atomic(0)

    init(seed: UInt64, percent: Int) {
        random = SeededRandomSource(seed: seed)
        self.percent = percent
    }

    /// Number of altered replies.
    var count: Int { changed.load(ordering: .relaxed) }

    func alter(_ reply: RedisReply) -> RedisReply {
        guard below(100) < percent else { return reply }
        changed.add(1, ordering: .relaxed)
        return below(3) == 0 ? alterOnTheWire(reply) : alterParts(of: reply)
    }

    private func below(_ bound: Int) -> Int { Int(random.next() % UInt64(max(bound, 1))) }

    // MARK: - Parts

    private func alterParts(of reply: RedisReply) -> RedisReply {
        var reply = reply
        for _ in 0...below(3) {
            var place = below(Self.size(reply))
            reply = change(reply, at: &place)
        }
        return reply
    }

    /// Number of parts, including arrays.
    private static func size(_ reply: RedisReply) -> Int {
        guard case .array(let elements) = reply else { return 1 }
        return elements.reduce(1) { $0 + size($1) }
    }

    /// - Parameters:
    ///   - reply: The reply to walk.
    ///   - place: Counts down to the part to change; -1 once it is changed.
    private func change(_ reply: RedisReply, at place: inout Int) -> RedisReply {
        if place == 0 {
            place = -1
            return changed(reply)
        }
        place -= 1
        guard case .array(var elements) = reply else { return reply }
        for index in elements.indices where place >= 0 {
            elements[index] = change(elements[index], at: &place)
        }
        return .array(elements)
    }

    private func changed(_ reply: RedisReply) -> RedisReply {
        if below(8) == 0 { return unrelated() }
        switch reply {
        case .null: return unrelated()
        case .integer(let value):
            return .integer(below(3) == 0 ? value &+ Int64(below(5) - 2) : number())
        case .bytes(let bytes): return .bytes(changed(bytes))
        case .error(let text): return .error(text)
        case .array(var elements):
            switch below(5) {
            case 0: elements = []
            case 1: if !elements.isEmpty { elements.remove(at: below(elements.count)) }
            case 2: elements.append(unrelated())
            case 3: if let last = elements.last { elements.insert(last, at: 0) }
            default: elements.reverse()
            }
            return .array(elements)
        }
    }

    private func unrelated() -> RedisReply {
        switch below(4) {
        case 0: .null
        case 1: .integer(number())
        case 2: .bytes(changed(Array("12".utf8)))
        default: .array([.integer(number()), .null])
        }
    }

    private func number() -> Int64 {
        let numbers: [Int64] = [
            0, -1, 1, .max, .min, .max - 1, 1 << 53, 1 << 62, -(1 << 62), 1 << 32, 1 << 31, 255, 65_536,
            Int64(bitPattern: random.next()),
        ]
        return numbers[below(numbers.count)]
    }

    private func changed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        switch below(7) {
        case 0: bytes = Array(bytes.prefix(below(bytes.count + 1)))
        case 1: bytes += (0...below(20)).map { _ in UInt8(below(256)) }
        case 2: bytes = Array("\(number())".utf8)
        case 3:
            let words = [
                "nan", "inf", "-", "1e400", "{", "[1e999]", "\u{0}", "=", "\"", "9223372036854775808",
            ]
            bytes = Array(words[below(words.count)].utf8)
        case 4:
            let start = below(bytes.count + 1)
            for index in bytes.indices.dropFirst(start).prefix(8) { bytes[index] = below(2) == 0 ? 0xFF : 0 }
        default:
            for _ in 0...below(4) where !bytes.isEmpty { bytes[below(bytes.count)] ^= 1 << UInt8(below(8)) }
        }
        return bytes
    }

    // MARK: - On the wire

    /// Encodes the reply, changes some bytes, and decodes it again; an error reply if it is no longer valid.
    private func alterOnTheWire(_ reply: RedisReply) -> RedisReply {
        let wire = changed(Self.encoded(reply))
        var replies: [RedisReply] = []
        do throws(RedisError) {
            let reader = try ReplyReader(maximumReplyBytes: 1 << 24)
            var failure: RedisError?
            wire.withUnsafeBytes { bytes in
                do throws(RedisError) { try reader.read(bytes) { replies.append($0) } } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        } catch {
            return .error("ERR \(error.message)")
        }
        return replies.first ?? .null
    }

    private static func encoded(_ reply: RedisReply) -> [UInt8] {
        switch reply {
        case .null: Array("$-1\r\n".utf8)
        case .integer(let value): Array(":\(value)\r\n".utf8)
        case .bytes(let bytes): Array("$\(bytes.count)\r\n".utf8) + bytes + [13, 10]
        case .error(let text): Array("-\(text)\r\n".utf8)
        case .array(let elements): Array("*\(elements.count)\r\n".utf8) + elements.flatMap { encoded($0) }
        }
    }
}

#endif
