#if Redis

import XQueueCore

/// Replies of scripts, as what they must be; anything else is a damaged or foreign store.
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

    /// A record as `record()` of `records.lua` answers it, or an abridged one of `insert.lua`; nil if there is none.
    var record: TaskRecord? {
        get throws(StoreError) {
            if case .null = self { return nil }
            let parts = try elements
            guard 5...6 ~= parts.count else { throw unexpected }
            var record = try TaskRecord(
                id: parts[0], definition: parts[1], state: parts[2], result: parts[3], errors: parts[4])
            record.isAbridged = parts.count == 6
            return record
        }
    }

    private var unexpected: StoreError {
        StoreError(.corrupt, "Redis answered what no script of this version answers: \(kind)")
    }

    /// What it is, without what is in it: that may be megabytes.
    private var kind: String {
        switch self {
        case .null: "nothing"
        case .integer(let value): "the number \(value)"
        case .bytes(let bytes): "a text of \(bytes.count) bytes"
        case .error(let text): "the error \(text.prefix(100))"
        case .array(let elements): "a list of \(elements.count)"
        }
    }
}

extension TaskRecord {
    init(
        id: RedisReply, definition: RedisReply, state: RedisReply, result: RedisReply, errors: RedisReply
    ) throws(StoreError) {
        let bytes = try id.bytes
        guard bytes.count == TaskID.packedLength else {
            throw StoreError(.corrupt, "\(bytes) is no identifier")
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

    /// Says of what fails in `body` which key holds it.
    private static func reading<Value>(
        _ key: String, of id: TaskID, _ body: () throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        do throws(StoreError) {
            return try body()
        } catch {
            throw StoreError(.corrupt, "the hash :\(key) of the queue, task \(id): \(error.message)")
        }
    }
}

extension Array<RedisReply> {
    /// The pairs of an array that alternates between names and values.
    var pairs: [(name: RedisReply, value: RedisReply)] {
        stride(from: 0, to: count - 1, by: 2).map { (self[$0], self[$0 + 1]) }
    }
}

#endif
