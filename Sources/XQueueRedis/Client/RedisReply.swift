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

    private let maximumBytes: Int
    private var open: [OpenArray] = []
    private var finished: RedisReply?
    /// What the reply under construction takes in memory: its strings, and each value's own place.
    private var size = 0
    /// Why a reply was rejected; nil if none was. It is not assembled, nor is any after it.
    private(set) var rejection: String?

    /// - Parameter maximumBytes: Maximum size of a reply in memory. An array of many small values is far larger there than on
    ///   the wire.
    init(maximumBytes: Int) {
        self.maximumBytes = maximumBytes
    }

    /// Takes the reply; nil if it is incomplete.
    func take() -> RedisReply? {
        defer { finished = nil }
        return finished
    }

    func beginArray(count: Int) {
        guard count > 0 else { return add(.array([])) }
        guard rejection == nil else { return }
        guard open.count < Self.maxDepth else { return reject("is nested too deeply") }
        var array = OpenArray(missing: count)
        // The count is not trusted: a false one must not allocate memory before the elements arrive.
        array.elements.reserveCapacity(min(count, 4_096))
        open.append(array)
    }

    func add(_ value: RedisReply) {
        guard rejection == nil else { return }
        size += value.size
        guard size <= maximumBytes else { return reject("exceeds \(maximumBytes) bytes") }
        var value = value
        while let last = open.indices.last {
            open[last].elements.append(value)
            open[last].missing -= 1
            guard open[last].missing == 0 else { return }
            value = .array(open[last].elements)
            open.removeLast()
        }
        finished = value
        size = 0
    }

    private func reject(_ reason: String) {
        rejection = reason
        open = []
    }
}

extension RedisReply {
    /// What the value takes in memory, without the elements of an array.
    fileprivate var size: Int {
        let place = MemoryLayout<Self>.stride
        return switch self {
        case .bytes(let bytes): place + bytes.count
        case .error(let text): place + text.utf8.count
        case .null, .integer, .array: place
        }
    }
}

#endif
