#if Redis

import CHiredis

/// Decodes a byte stream into replies with hiredis' reader; the only file that touches the C library.
final class ReplyReader {
    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let builder = ReplyBuilder()
    private let maximumReplyBytes: Int

    /// The reader moves what is left of its buffer each time 1 KiB of it is used up: small pieces
    /// keep these moves small.
    private static let pieceBytes = 16 * 1_024

    /// - Parameter maximumReplyBytes: the longest string or line in a reply; a longer one ends the connection.
    init(maximumReplyBytes: Int) throws(RedisError) {
        self.maximumReplyBytes = maximumReplyBytes
        functions = .allocate(capacity: 1)
        functions.initialize(to: Self.bridge())
        guard let reader = redisReaderCreateWithFunctions(functions) else {
            functions.deallocate()
            throw RedisError(.disconnected, "no memory for a reply reader")
        }
        self.reader = reader
        reader.pointee.maxbuf = 4 * Self.pieceBytes
        reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

    /// Takes the next bytes of the stream and hands over every reply that they complete.
    func read(_ bytes: UnsafeRawBufferPointer, each: (RedisReply) -> Void) throws(RedisError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceBytes))
            rest = rest.dropFirst(piece.count)
            let start = piece.baseAddress?.assumingMemoryBound(to: CChar.self)
            guard redisReaderFeed(reader, start, piece.count) == REDIS_OK else { throw failure() }
            try drain(each)
            guard reader.pointee.len - reader.pointee.pos <= maximumReplyBytes else {
                throw RedisError(.disconnected, "Redis sent a reply of more than \(maximumReplyBytes) bytes")
            }
        }
    }

    private func drain(_ each: (RedisReply) -> Void) throws(RedisError) {
        while true {
            var token: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &token) == REDIS_OK else { throw failure() }
            guard token != nil else { return }
            // Of a kind that was not asked for (RESP3), whose parts nobody has put together.
            guard let reply = builder.take() else {
                throw RedisError(.disconnected, "Redis sent a reply of a kind that was not asked for")
            }
            each(reply)
        }
    }

    private func failure() -> RedisError {
        let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.disconnected, "Redis sent something that is no reply: \(text)")
    }
}

extension ReplyReader {
    /// What hiredis takes for the made object: never looked at, only not nil.
    private static var token: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: 1) }

    private static func builder(of task: UnsafePointer<redisReadTask>?) -> ReplyBuilder? {
        guard let pointer = task?.pointee.privdata else { return nil }
        return Unmanaged<ReplyBuilder>.fromOpaque(pointer).takeUnretainedValue()
    }

    private static func bridge() -> redisReplyObjectFunctions {
        var functions = redisReplyObjectFunctions()
        functions.createString = { task, text, length in
            let bytes = UnsafeRawBufferPointer(start: text, count: length)
            let isError = task?.pointee.type == REDIS_REPLY_ERROR
            ReplyReader.builder(of: task)?
                .add(isError ? .error(String(decoding: bytes, as: UTF8.self)) : .bytes([UInt8](bytes)))
            return ReplyReader.token
        }
        functions.createArray = { task, count in
            ReplyReader.builder(of: task)?.beginArray(count: Int(count))
            return ReplyReader.token
        }
        functions.createInteger = { task, value in
            ReplyReader.builder(of: task)?.add(.integer(value))
            return ReplyReader.token
        }
        functions.createNil = { task in
            ReplyReader.builder(of: task)?.add(.null)
            return ReplyReader.token
        }
        functions.freeObject = { _ in }
        return functions
    }
}

#endif
