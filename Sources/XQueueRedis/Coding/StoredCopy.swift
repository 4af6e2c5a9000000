#if Redis

import XQueueCore

/// A task from another store, encoded for `adopt.lua`.
struct StoredCopy {
    private let id: TaskID
    private let definition: [UInt8]
    /// Empty for a task that is unchanged since its submission.
    private var state: [UInt8] = []
    private let isParked: Bool
    private let result: String
    private var errors: [UInt8] = []
    private let holdsUniqueKey: Bool?

    /// - Throws: ``StoreError`` if a string contains NUL.
    init(_ copy: TaskCopy) throws(StoreError) {
        var record = copy.record
        holdsUniqueKey = copy.holdsUniqueKey
        id = record.id
        isParked = record.pendingReason == .parked
        result = record.result?.text ?? ""
        var (createdAt, runAt) = (record.state.createdAt, record.state.runAt)
        definition = try StoredDefinition.pack(record.definition) { writer throws(StoreError) in
            try StoredDefinition.times(&writer, &createdAt, &runAt)
        }
        if !record.isUnmoved {
            state = try Self.packed(160) { writer throws(StoreError) in
                try StoredState.layout(&writer, &record)
            }
        }
        guard !record.errors.isEmpty else { return }
        errors = try Self.packed(256) { writer throws(StoreError) in
            for var line in record.errors { try StoredState.layout(&writer, &line) }
        }
    }

    private static func packed(
        _ capacity: Int, _ write: (inout PackedWriter) throws(StoreError) -> Void
    ) throws(StoreError) -> [UInt8] {
        var writer = PackedWriter(capacity: capacity)
        try write(&writer)
        return writer.bytes
    }

    /// Approximate size in a command, in bytes.
    var size: Int { definition.count + state.count + result.utf8.count + errors.count + 80 }

    func append(to command: inout RedisCommand) {
        command.append(id)
        command.append(definition)
        command.append(state)
        command.append(isParked ? 1 : 0)
        command.append(result)
        command.append(errors)
        command.append(holdsUniqueKey.map { $0 ? "1" : "0" } ?? "")
    }
}

#endif
