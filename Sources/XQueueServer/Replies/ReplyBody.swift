import NIOCore
import Synchronization
import XQueueCore

/// The body of a reply.
enum ReplyBody: Sendable {
    case buffer(ByteBuffer)
    /// A large body, copied into buffers only as fast as the client reads. `count` is its size in bytes.
    case pieces([JSONPiece], count: Int)

    /// Size in bytes.
    var count: Int {
        switch self {
        case .buffer(let buffer): buffer.readableBytes
        case .pieces(_, let count): count
        }
    }

    /// The whole body in one buffer.
    var buffer: ByteBuffer {
        switch self {
        case .buffer(let buffer): return buffer
        case .pieces(let pieces, let count):
            var buffer = ByteBufferAllocator().buffer(capacity: count)
            for piece in pieces { _ = piece.withBytes { buffer.writeBytes($0) } }
            return buffer
        }
    }
}

/// The unsent rest of a large reply. What has been sent is freed.
///
/// A slice keeps its whole underlying memory alive until it has been sent, so pieces are copied into small buffers of
/// their own.
final class ReplyRest: Sendable {
    /// Size of the buffers, in bytes. About as much may wait in a connection after the last one was written.
    private static let bufferBytes = 64 << 10

    private struct State {
        /// The remaining pieces in reverse order.
        var pieces: [JSONPiece] = []
        /// How much of the next piece has been sent.
        var sent = 0
        /// The rest of a body in one buffer.
        var buffer = ByteBuffer()
        var count = 0
    }

    private let state: Mutex<State>

    init(_ body: ReplyBody) {
        var state = State(count: body.count)
        switch body {
        case .buffer(let buffer): state.buffer = buffer
        case .pieces(let pieces, _): state.pieces = pieces.reversed()
        }
        self.state = Mutex(state)
    }

    /// Number of bytes in memory: the unsent ones, and those of a piece that is partly sent.
    var heldBytes: Int { state.withLock { $0.count + $0.sent } }

    /// The next bytes; nil at the end.
    func next() -> ByteBuffer? {
        state.withLock { state -> ByteBuffer? in
            let size = min(state.count, Self.bufferBytes)
            guard size > 0 else { return nil }
            state.count -= size
            if let slice = state.buffer.readSlice(length: size) { return slice }
            return Self.next(size, &state)
        }
    }

    private static func next(_ size: Int, _ state: inout State) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: size)
        while let piece = state.pieces.last, buffer.readableBytes < size {
            let start = state.sent
            let end = min(piece.count, start + size - buffer.readableBytes)
            _ = piece.withBytes { buffer.writeBytes(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
            state.sent = end
            guard end == piece.count else { break }
            state.pieces.removeLast()
            state.sent = 0
        }
        return buffer
    }
}
