#if Kafka

/// What a consumer has of the topic.
struct KafkaShare: Sendable {
    /// How many records it remembers that are in the store before they are received.
    private static let storedLimit = 100_000

    var assigned: Set<Int32> = []
    /// Whether nothing is to come for now, also of partitions that are new.
    var isHeld = false
    /// Whether somebody waits to hold it: whoever waits for messages makes way.
    var isHoldWanted = false
    /// For each partition, the offset after the last record that is done with.
    var done: [Int32: Int64] = [:]
    /// For each partition, the offset after the last record that was received.
    private var next: [Int32: Int64] = [:]
    /// Records that will be received and are in the store.
    private var stored: [Int32: Set<Int64>] = [:]
    private var storedCount = 0

    /// The record's task is in the store. Without a record that was received before it there would be no telling
    /// it from another one in a topic that was made anew.
    mutating func markStored(_ partition: Int32, _ offset: Int64) {
        guard let next = next[partition], offset >= next, storedCount < Self.storedLimit else { return }
        if stored[partition, default: []].insert(offset).inserted { storedCount += 1 }
    }

    /// The record is received. Answers whether its task is in the store already.
    mutating func receive(_ partition: Int32, _ offset: Int64) -> Bool {
        if let last = next.updateValue(Self.after(offset), forKey: partition), offset < last {
            // The topic has begun anew, and what stood behind this place does not any more.
            storedCount -= stored.removeValue(forKey: partition)?.count ?? 0
        }
        guard stored[partition]?.remove(offset) != nil else { return false }
        storedCount -= 1
        return true
    }

    /// The record is done with, and all before it.
    mutating func commit(_ partition: Int32, _ offset: Int64) {
        done[partition] = Self.after(offset)
    }

    /// The place behind a record; the last there is has none.
    private static func after(_ offset: Int64) -> Int64 { offset == .max ? .max : offset + 1 }

    /// Partitions come to this consumer or go to another, and these are left.
    mutating func assign(_ partitions: Set<Int32>) {
        assigned = partitions
        done = done.filter { partitions.contains($0.key) }
        next = next.filter { partitions.contains($0.key) }
        stored = stored.filter { partitions.contains($0.key) }
        storedCount = stored.values.reduce(0) { $0 + $1.count }
    }
}

#endif
