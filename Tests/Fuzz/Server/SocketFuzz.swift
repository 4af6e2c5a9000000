import NIOCore
import NIOEmbedded
import NIOWebSocket

@testable import XQueueServer

extension FuzzReader {
    /// What a WebSocket client sends. Where the network splits it makes no difference.
    static let socketFrames = FuzzReader("socket-frames") { bytes in
        let whole = SocketInput([bytes])
        let pieces = SocketInput(bytes.map { [$0] })
        try require(whole == pieces, "\(whole) at once, and \(pieces) byte by byte")
        for case .message(let text) in whole.inputs {
            try require(text.utf8.count <= SocketInput.maxBytes, "a message of \(text.utf8.count) bytes")
        }
        return !whole.inputs.isEmpty
    }
}

/// What was understood of a connection's bytes, until it ended.
private struct SocketInput: Equatable {
    static let maxBytes = 512
    private(set) var inputs: [SocketFrames.Input] = []
    private(set) var endCode: UInt16?

    init(_ pieces: [[UInt8]]) {
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: Self.maxBytes))
        let channel = EmbeddedChannel(handler: decoder)
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        var frames = SocketFrames(maxMessageBytes: Self.maxBytes)
        for piece in pieces {
            // Frames before an invalid one have arrived nevertheless.
            let isValid = (try? channel.writeInbound(ByteBuffer(bytes: piece))) != nil
            do throws(EventStreamEnd) {
                while let frame = try? channel.readInbound(as: WebSocketFrame.self) {
                    if let input = try frames.take(frame) { inputs.append(input) }
                }
            } catch {
                endCode = error.code
                return
            }
            guard isValid else {
                endCode = 0
                return
            }
        }
    }
}
