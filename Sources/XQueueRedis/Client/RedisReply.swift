#if Redis

/// One reply of a Redis server (RESP2).
package enum RedisReply: Sendable, Hashable {
    case null
    case integer(Int64)
    /// A bulk or simple string: bytes as the server sent them.
    case bytes([UInt8])
    case error(String)
    case array([RedisReply])
}

/// Puts the values that hiredis finds, one after another, into one reply.
///
/// They come in the order of the wire, so a stack of the arrays that are still open is enough.
final class ReplyBuilder {
    private struct OpenArray {
        var missing: Int
        var elements: [RedisReply] = []
    }

    private var open: [OpenArray] = []
    private var finished: RedisReply?

    /// The reply, once: nil if it is not complete.
    func take() -> RedisReply? {
        defer { finished = nil }
        return finished
    }

    func beginArray(count: Int) {
        guard count > 0 else { return add(.array([])) }
        var array = OpenArray(missing: count)
        // The count is the server's word: a false one must not cost memory before its elements arrive.
        array.elements.reserveCapacity(min(count, 4_096))
        open.append(array)
    }

    func add(_ value: RedisReply) {
        var value = value
        while let last = open.indices.last {
            open[last].elements.append(value)
            open[last].missing -= 1
            guard open[last].missing == 0 else { return }
            value = .array(open[last].elements)
            open.removeLast()
        }
        finished = value
    }
}

#endif
