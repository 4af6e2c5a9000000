#if Redis

import XQueueCore
import XQueueStoreKit

@testable import XQueueRedis

extension FuzzReader {
    /// A task's packed definition. Written again, it is read as the same, byte for byte.
    static let redisDefinition = FuzzReader("redis-definition") { bytes in
        guard let record = try? StoredDefinition.record(id, bytes) else { return false }
        let packed = try pack(record)
        let copy = try StoredDefinition.record(id, packed)
        try require(try pack(copy) == packed, "changed by writing it again")
        return true
    }

    /// A task's packed state.
    static let redisState = FuzzReader("redis-state") { bytes in
        guard var record = try? state(bytes), isStorable(record.error) else { return false }
        let packed = try pack { writer throws(StoreError) in try StoredState.layout(&writer, &record) }
        var copy = try state(packed)
        let again = try pack { writer throws(StoreError) in try StoredState.layout(&writer, &copy) }
        try require(again == packed, "changed by writing it again")
        return true
    }

    /// A task's packed failures.
    static let redisErrors = FuzzReader("redis-errors") { bytes in
        guard let errors = try? StoredState.errors(bytes),
            errors.allSatisfy({ isStorable($0.message) && isStorable($0.workerID) })
        else { return false }
        let packed = try pack { writer throws(StoreError) in
            for var error in errors { try StoredState.layout(&writer, &error) }
        }
        try require(try StoredState.errors(packed) == errors, "changed by writing them again")
        return !errors.isEmpty
    }

    private static let id = TaskID.lowest(at: Timestamp(milliseconds: 1_764_000_000_000))

    private static func state(_ bytes: [UInt8]) throws -> TaskRecord {
        let epoch = Timestamp(milliseconds: 0)
        var record = TaskRecord(
            id: id, definition: TaskDefinition(type: "t"),
            state: TaskState(createdAt: epoch, runAt: epoch, queueTimeout: nil))
        try StoredState.apply(bytes, to: &record)
        return record
    }

    /// Text is cut before it is stored; damaged text may grow beyond what its length field can say.
    private static func isStorable(_ text: String?) -> Bool { (text?.utf8.count ?? 0) < 60_000 }

    private static func pack(_ record: TaskRecord) throws -> [UInt8] {
        var (createdAt, runAt) = (record.createdAt, record.runAt)
        return try StoredDefinition.pack(record.definition) { writer throws(StoreError) in
            try StoredDefinition.times(&writer, &createdAt, &runAt)
        }
    }

    private static func pack(_ body: (inout PackedWriter) throws(StoreError) -> Void) throws -> [UInt8] {
        var writer = PackedWriter(capacity: 256)
        try body(&writer)
        return writer.bytes
    }
}

#endif
