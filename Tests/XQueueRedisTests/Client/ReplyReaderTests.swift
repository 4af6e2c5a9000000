#if Redis

import Testing
@testable import XQueueRedis

@Suite("Replies")
struct ReplyReaderTests {
    private func read(_ pieces: [ArraySlice<UInt8>], limit: Int = 1 << 29) throws -> [RedisReply] {
        let reader = try ReplyReader(maximumReplyBytes: limit)
        var replies: [RedisReply] = []
        for piece in pieces {
            // In a separate buffer, as for each read.
            let copy = Array(piece)
            var failure: RedisError?
            copy.withUnsafeBytes { bytes in
                do throws(RedisError) { try reader.read(bytes) { replies.append($0) } } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        }
        return replies
    }

    private static let stream = Array(
        "+OK\r\n$-1\r\n*-1\r\n*0\r\n:-42\r\n-ERR no\r\n$0\r\n\r\n*3\r\n*2\r\n$1\r\na\r\n*0\r\n:1\r\n*1\r\n*1\r\n$-1\r\n$4\r\n\r\n\r\n\r\n"
            .utf8)

    private static let replies: [RedisReply] = [
        .bytes(Array("OK".utf8)), .null, .null, .array([]), .integer(-42), .error("ERR no"), .bytes([]),
        .array([.array([.bytes(Array("a".utf8)), .array([])]), .integer(1), .array([.array([.null])])]),
        .bytes([13, 10, 13, 10]),
    ]

    @Test("Splitting the stream at any byte gives the same replies")
    func splits() throws {
        for cut in Self.stream.indices {
            #expect(try read([Self.stream[..<cut], Self.stream[cut...]]) == Self.replies, "cut at \(cut)")
        }
        #expect(try read(Self.stream.indices.map { Self.stream[$0...$0] }) == Self.replies)
    }

    @Test("A reply that is nested without a limit is not assembled")
    func assembledDepth() {
        let builder = ReplyBuilder(maximumBytes: 1 << 20)
        for _ in 0..<1_000_000 { builder.beginArray(count: 1) }
        builder.add(.null)
        #expect(builder.rejection != nil && builder.take() == nil)
    }

    @Test("Thousands of replies in one piece")
    func many() throws {
        let stream = (0..<20_000).flatMap { Array(":\($0)\r\n".utf8) }
        #expect(try read([stream[...]]) == (0..<20_000).map { .integer($0) })
    }

    @Test("An invalid reply ends the stream", arguments: ["hello\r\n", "$x\r\n", ":1x\r\n", "*-7\r\n"])
    func nonsense(_ text: String) {
        #expect(throws: RedisError.self) { try read([Array(text.utf8)[...]]) }
    }

    @Test("Arrays nested too deeply are rejected")
    func depth() {
        let text = String(repeating: "*1\r\n", count: 20) + ":1\r\n"
        #expect(throws: RedisError.self) { try read([Array(text.utf8)[...]]) }
    }

    @Test("A string over the limit is rejected before it is complete")
    func limit() {
        let bytes = Array("$1000000\r\n".utf8) + [UInt8](repeating: 0, count: 5_000)
        #expect(throws: RedisError.self) { try read([bytes[...]], limit: 4_000) }
    }

    @Test("An array over the limit is rejected before it is complete; several replies may together exceed it")
    func largeArrays() throws {
        let values = String(repeating: ":1\r\n", count: 1_000)
        #expect(throws: RedisError.self) { try read([Array("*2000\r\n\(values)".utf8)[...]], limit: 4_000) }
        let replies = try read([Array(values.utf8)[...]], limit: 4_000)
        #expect(replies.count == 1_000)
    }
}

#endif
