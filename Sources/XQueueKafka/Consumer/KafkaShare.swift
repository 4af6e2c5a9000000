#if Kafka

/// A consumer's share of the topic.
struct KafkaShare: Sendable {
    /// Maximum number of remembered records that are in the store before they are received.
    private static let storedLimit = 100_000

    var assigned: Set<Int32> = []
    /// Whether fetching is paused, including newly assigned partitions.
    var isHeld = false
    /// Whether a caller is waiting to pause fetching; a waiting `receive` returns for it.
    var isHoldWanted = false
    /// For each partition, the offset after the last processed record.
    var done: [Int32: Int64] = [:]
    /// For each partition, the offset after the last received record.
    private var next: [Int32: Int64] = [:]
    /// Records not yet received whose tasks are in the store.
    private var stored: [Int32: Set<Int64>] = [:]
    private var storedCount = 0

    /// Marks a record whose task is in the store. Ignored unless an earlier record was received, because
    /// otherwise the record could not be told from another one in a recreated topic.
    mutating func markStored(_ partition: Int32, _ offset: Int64) {
        guard let next = next[partition], offset >= next, storedCount < Self.storedLimit else { return }
        if stored[partition, default: []].insert(offset).inserted { storedCount += 1 }
    }

    /// Notes that a record was received. Returns whether its task is already in the store.
    mutating func receive(_ partition: Int32, _ offset: Int64) -> Bool {
        if let last = next.updateValue(Self.after(offset), forKey: partition), offset < last {
            // The topic was recreated, and the records after this position no longer exist.
            storedCount -= stored.removeValue(forKey: partition)?.count ?? 0
        }
        guard stored[partition]?.remove(offset) != nil else { return false }
        storedCount -= 1
        return true
    }

    /// Marks the record, and all before it, as processed.
    mutating func commit(_ partition: Int32, _ offset: Int64) {
        done[partition] = Self.after(offset)
    }

    /// Marks offsets whose commit failed as uncommitted again. Without this, those of the last records would stay
    /// uncommitted until another record arrives.
    mutating func keep(_ offsets: [Int32: Int64]) {
        for (partition, offset) in offsets where assigned.contains(partition) {
            done[partition] = max(done[partition] ?? offset, offset)
        }
    }

    /// The offset after a record; clamped at the maximum.
    private static func after(_ offset: Int64) -> Int64 { offset == .max ? .max : offset + 1 }

    /// Updates the assignment to these partitions.
    mutating func assign(_ partitions: Set<Int32>) {
        assigned = partitions
        done = done.filter { partitions.contains($0.key) }
        next = next.filter { partitions.contains($0.key) }
        stored = stored.filter { partitions.contains($0.key) }
        storedCount = stored.values.reduce(0) { $0 + $1.count }
    }
}

#endif
