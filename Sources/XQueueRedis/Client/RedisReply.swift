#if Redis

/// A reply of a Redis server (RESP2).
package enum RedisReply: Sendable, Hashable {
    case null
    case integer(Int64)
    /// A bulk or simple string.
    case bytes([UInt8])
    case error(String)
    case array([RedisReply])
}

/// Assembles a reply from the values that hiredis parses.
///
/// Values arrive in wire order, so a stack of the incomplete arrays is enough.
final class ReplyBuilder {
    private struct OpenArray {
        var missing: Int
        var elements: [RedisReply] = []
    }

    /// Maximum nesting of arrays; scripts and servers send less. A value that is nested without a limit overflows the
    /// stack when it is released, and newer versions of hiredis have none.
    private static let maxDepth = 16

    private var open: [OpenArray] = []
    private var finished: RedisReply?
    /// Whether a reply was nested too deep. It is not assembled, nor is any after it.
    private(set) var isTooDeep = false

    /// Takes the reply; nil if it is incomplete.
    func take() -> RedisReply? {
        defer { finished = nil }
        return finished
    }

    func beginArray(count: Int) {
        guard count > 0 else { return add(.array([])) }
        guard !isTooDeep, open.count < Self.maxDepth else {
            isTooDeep = true
            open = []
            return
        }
        var array = OpenArray(missing: count)
        // The count is not trusted: a false one must not allocate memory before the elements arrive.
        array.elements.reserveCapacity(min(count, 4_096))
        open.append(array)
    }

    func add(_ value: RedisReply) {
        guard !isTooDeep else { return }
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
