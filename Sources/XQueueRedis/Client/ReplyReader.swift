#if Redis

import CHiredis

/// Decodes a byte stream into replies with hiredis' reader. This is the only file that uses the C library.
final class ReplyReader {
    private let reader: UnsafeMutablePointer<redisReader>
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    private let builder: ReplyBuilder
    private let maximumReplyBytes: Int

    /// The reader moves the rest of its buffer for each KiB it consumes; small pieces keep these moves small.
    private static let pieceBytes = 16 * 1_024

    /// - Parameter maximumReplyBytes: Maximum size of a reply in memory; a larger one is an error.
    init(maximumReplyBytes: Int) throws(RedisError) {
        self.maximumReplyBytes = maximumReplyBytes
        builder = ReplyBuilder(maximumBytes: maximumReplyBytes)
        functions = .allocate(capacity: 1)
        functions.initialize(to: Self.bridge())
        guard let reader = redisReaderCreateWithFunctions(functions) else {
            functions.deallocate()
            throw RedisError(.disconnected, "out of memory for a reply reader")
        }
        self.reader = reader
        reader.pointee.maxbuf = 4 * Self.pieceBytes
        reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
    }

    deinit {
        redisReaderFree(reader)
        functions.deallocate()
    }

    /// Reads the next bytes of the stream, and passes each reply they complete to `each`.
    func read(_ bytes: UnsafeRawBufferPointer, each: (RedisReply) -> Void) throws(RedisError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceBytes))
            rest = rest.dropFirst(piece.count)
            let start = piece.baseAddress?.assumingMemoryBound(to: CChar.self)
            guard redisReaderFeed(reader, start, piece.count) == REDIS_OK else { throw failure() }
            try drain(each)
            guard reader.pointee.len - reader.pointee.pos <= maximumReplyBytes else {
                throw RedisError(.disconnected, "reply from Redis exceeds \(maximumReplyBytes) bytes")
            }
        }
    }

    private func drain(_ each: (RedisReply) -> Void) throws(RedisError) {
        while true {
            var token: UnsafeMutableRawPointer?
            guard redisReaderGetReply(reader, &token) == REDIS_OK else { throw failure() }
            if let rejection = builder.rejection {
                throw RedisError(.disconnected, "reply from Redis \(rejection)")
            }
            guard token != nil else { return }
            // A RESP3 type, which the builder does not assemble.
            guard let reply = builder.take() else {
                throw RedisError(.disconnected, "unsupported type of reply from Redis")
            }
            each(reply)
        }
    }

    private func failure() -> RedisError {
        let text = withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return RedisError(.disconnected, "invalid reply from Redis: \(text)")
    }
}

extension ReplyReader {
    /// Stands for every created object: hiredis only requires a non-null pointer.
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
