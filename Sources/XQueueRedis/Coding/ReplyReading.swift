#if Redis

import XQueueCore

/// Typed access to the replies of scripts. Any other type throws: the store is damaged or foreign.
extension RedisReply {
    var elements: [RedisReply] {
        get throws(StoreError) {
            guard case .array(let elements) = self else { throw unexpected }
            return elements
        }
    }

    var integer: Int64 {
        get throws(StoreError) {
            guard case .integer(let value) = self else { throw unexpected }
            return value
        }
    }

    var int: Int {
        get throws(StoreError) { Int(try integer) }
    }

    var bytes: [UInt8] {
        get throws(StoreError) {
            guard case .bytes(let bytes) = self else { throw unexpected }
            return bytes
        }
    }

    var optionalBytes: [UInt8]? {
        get throws(StoreError) {
            if case .null = self { return nil }
            return try bytes
        }
    }

    var text: String {
        get throws(StoreError) { String(decoding: try bytes, as: UTF8.self) }
    }

    var time: Timestamp {
        get throws(StoreError) { Timestamp(milliseconds: try integer) }
    }

    /// A record as returned by `record()` in `records.lua`, or by `show()` in `submit.lua`; nil if the task is not stored.
    var record: TaskRecord? {
        get throws(StoreError) {
            if case .null = self { return nil }
            let parts = try elements
            guard parts.count == 5 || parts.count == 7 else { throw unexpected }
            let isAbridged = parts.count == 7 ? try parts[5].int == 1 : false
            var record = try TaskRecord(
                id: parts[0], definition: parts[1], state: parts[2], result: parts[3], errors: parts[4])
            record.isAbridged = isAbridged
            return record
        }
    }

    private var unexpected: StoreError {
        StoreError(.corrupt, "unexpected reply from Redis: \(summary)")
    }

    /// A description without the content, which may be megabytes.
    private var summary: String {
        switch self {
        case .null: "null"
        case .integer(let value): "integer \(value)"
        case .bytes(let bytes): "string of \(bytes.count) bytes"
        case .error(let text): "error \(text.prefix(100))"
        case .array(let elements): "array of \(elements.count)"
        }
    }
}

extension TaskRecord {
    init(
        id: RedisReply, definition: RedisReply, state: RedisReply, result: RedisReply, errors: RedisReply
    ) throws(StoreError) {
        let bytes = try id.bytes
        guard bytes.count == TaskID.packedLength else {
            throw StoreError(.corrupt, "invalid task identifier \(bytes)")
        }
        var reader = PackedReader(bytes)
        let id = try reader.id()
        let packed = try definition.bytes
        self = try Self.reading("tasks", of: id) { () throws(StoreError) in
            try StoredDefinition.record(id, packed)
        }
        if let state = try state.optionalBytes {
            var record = self
            try Self.reading("states.\(QueueLayout.current)", of: id) { () throws(StoreError) in
                try StoredState.apply(state, to: &record)
            }
            self = record
        }
        if let result = try result.optionalBytes {
            self.result = RawJSON(trusted: String(decoding: result, as: UTF8.self))
        }
        if let errors = try errors.optionalBytes {
            self.errors = try Self.reading("errors", of: id) { () throws(StoreError) in
                try StoredState.errors(errors)
            }
        }
    }

    /// Runs `body`, and names the key and the task if it fails.
    private static func reading<Value>(
        _ key: String, of id: TaskID, _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw StoreError(.corrupt, "damaged record of task \(id) in hash :\(key): \(error.message)")
        }
    }
}

extension Array<RedisReply> {
    /// The pairs of an array of alternating names and values.
    var pairs: [(name: RedisReply, value: RedisReply)] {
        stride(from: 0, to: count - 1, by: 2).map { (self[$0], self[$0 + 1]) }
    }
}

#endif
