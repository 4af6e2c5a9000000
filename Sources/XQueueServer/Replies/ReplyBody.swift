import NIOCore
import Synchronization
import XQueueCore

/// The content of a reply.
enum ReplyBody: Sendable {
    case buffer(ByteBuffer)
    /// A large one: it is put into buffers bit by bit, as its client takes it. `count` is how many bytes it has.
    case pieces([JSONPiece], count: Int)

    /// How many bytes it has.
    var count: Int {
        switch self {
        case .buffer(let buffer): buffer.readableBytes
        case .pieces(_, let count): count
        }
    }

    /// All of it in one buffer.
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

/// What is left to say of a large reply. What has been said is not kept.
///
/// A buffer on its way to the network keeps all the memory it is a slice of: those made of pieces are small, and their own.
final class ReplyRest: Sendable {
    /// How large the buffers are, in bytes. About as much may wait in a connection after the last one was written.
    private static let bufferBytes = 64 << 10

    private struct State {
        /// The next one last.
        var pieces: [JSONPiece] = []
        /// How much of the next piece has been said.
        var said = 0
        /// Of a body that is in one buffer.
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

    /// How many bytes are left.
    var count: Int { state.withLock { $0.count } }

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
            let start = state.said
            let end = min(piece.count, start + size - buffer.readableBytes)
            _ = piece.withBytes { buffer.writeBytes(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
            state.said = end
            guard end == piece.count else { break }
            state.pieces.removeLast()
            state.said = 0
        }
        return buffer
    }
}
