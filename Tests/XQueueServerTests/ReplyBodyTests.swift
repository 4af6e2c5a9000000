import NIOCore
import Testing
import XQueueCore

@testable import XQueueServer

@Suite("Bodies of large replies") struct ReplyBodyTests {
    /// Pieces of many sizes, among them some larger than a buffer.
    private static let pieces: [JSONPiece] = [0, 1, 70_000, 65_536, 5, 200_000, 3, 3, 0].enumerated().map {
        let byte = UInt8(ascii: "a") + UInt8($0.offset)
        let bytes = [UInt8](repeating: byte, count: $0.element)
        return $0.offset.isMultiple(of: 2)
            ? .bytes(bytes) : .text(String(decoding: bytes, as: UTF8.self))
    }

    private static let whole = pieces.flatMap { $0.withBytes { Array($0) } }

    /// The bytes of all pieces that are not sent to their end.
    private static func bytesHeld(after sent: Int) -> Int {
        var end = 0
        var held = 0
        for piece in pieces {
            end += piece.count
            if end > sent { held += piece.count }
        }
        return held
    }

    @Test("Every byte is sent once, in buffers that keep nothing else alive") func pieces() {
        let body = ReplyBody.pieces(Self.pieces, count: Self.whole.count)
        let rest = ReplyRest(body)
        var sent: [UInt8] = []
        while let buffer = rest.next() {
            #expect(buffer.readableBytes > 0 && buffer.storageCapacity <= 64 << 10)
            sent += buffer.readableBytesView
            #expect(rest.heldBytes == Self.bytesHeld(after: sent.count))
        }
        #expect(sent == Self.whole)
        #expect(Array(body.buffer.readableBytesView) == Self.whole)
    }

    @Test("A body in a single buffer is split as well") func buffer() {
        let rest = ReplyRest(.buffer(ByteBuffer(bytes: Self.whole)))
        var sent: [UInt8] = []
        while let buffer = rest.next() {
            #expect(1...(64 << 10) ~= buffer.readableBytes)
            sent += buffer.readableBytesView
        }
        #expect(sent == Self.whole && rest.heldBytes == 0)
        #expect(ReplyRest(.buffer(ByteBuffer())).next() == nil)
    }
}
