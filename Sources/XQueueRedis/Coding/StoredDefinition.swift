#if Redis

import XQueueCore
import XQueueStoreKit

/// The packed form of a task's definition.
enum StoredDefinition {
    /// When the task was accepted, and when it first becomes ready.
    static func times<Coder: LayoutCoder>(
        _ coder: inout Coder, _ createdAt: inout Timestamp, _ runAt: inout Timestamp
    ) throws(StoreError) {
        try coder.time("CREATED", &createdAt)
        try coder.time("FIRST_RUN", &runAt)
    }

    /// Everything but these times.
    static func layout<Coder: LayoutCoder>(
        _ coder: inout Coder, _ definition: inout TaskDefinition
    ) throws(StoreError) {
        var limit = definition.concurrency?.limit ?? 0
        var key = definition.concurrency?.key ?? ""
        var uniqueKey = definition.unique?.stored ?? ""
        var payload = definition.payload.text
        try coder.priority("PRIORITY", &definition.priority)
        try coder.count("MAX_RETRY", .uint16, &definition.maxRetry)
        try coder.duration("QUEUE_TIMEOUT", &definition.queueTimeout)
        try coder.duration("PROCESS_TIMEOUT", &definition.processTimeout)
        try coder.count("DEFINED_LIMIT", .uint32, &limit)
        try coder.code("STRATEGY", &definition.retryPolicy.strategy)
        try coder.duration("DELAY", &definition.retryPolicy.delay)
        try coder.duration("MAX_DELAY", &definition.retryPolicy.maxDelay)
        try coder.double("JITTER", initial: 0, &definition.retryPolicy.jitter)
        try coder.text("DEFINED_TYPE", &definition.type)
        try coder.text("DEFINED_KEY", &key)
        try coder.text("UNIQUE_KEY", &uniqueKey)
        try coder.payload(&payload)
        // Fields that scripts ignore, one line each; add new ones at the end.
        try coder.opaque(&definition.trace)
        try coder.opaque(&definition.metadata)
        try coder.opaque(&definition.scheduled)
        guard Coder.reads else { return }
        definition.concurrency = limit == 0 ? nil : ConcurrencyLimit(key: key, limit: limit)
        definition.unique = UniqueRule(stored: uniqueKey)
        definition.payload = RawJSON(trusted: payload)
    }

    /// Packs everything but the two times at the beginning, which the script adds.
    ///
    /// - Throws: ``StoreError`` if a string contains NUL, which terminates strings in this form.
    static func pack(_ task: NewTask) throws(StoreError) -> [UInt8] {
        try pack(task.definition)
    }

    /// - Parameters:
    ///   - definition: The definition.
    ///   - times: Writes the times that precede it.
    /// - Throws: ``StoreError`` if a string contains NUL.
    static func pack(
        _ definition: TaskDefinition, after times: (inout PackedWriter) throws(StoreError) -> Void = { _ in }
    ) throws(StoreError) -> [UInt8] {
        var definition = definition
        if !definition.retryPolicy.jitter.isFinite { definition.retryPolicy.jitter = 0 }
        var writer = PackedWriter(capacity: 96 + definition.payload.text.utf8.count)
        try times(&writer)
        try layout(&writer, &definition)
        return writer.bytes
    }

    /// The time to run at and what to do about a conflict, as an argument of `insert.lua`.
    static func schedule(_ task: NewTask) -> String {
        let conflict =
            switch task.onConflict {
            case .returnExisting: ""
            case .reject: "x"
            case .replace: "p"
            case .rerun: "r"
            case .debounce(let debounce):
                (debounce.keepsFirst ? "k" : "d")
                    + "\(debounce.wait.wholeMilliseconds),\(debounce.maxWait.wholeMilliseconds)"
            }
        return schedule(task.schedule) + (conflict.isEmpty ? "" : "/" + conflict)
    }

    /// The time to run at, as an argument of scripts.
    static func schedule(_ schedule: NewTask.Schedule) -> String {
        switch schedule {
        case .now: ""
        case .after(let delay): "+\(max(delay.wholeMilliseconds, 0))"
        case .at(let time): "\(max(time.milliseconds, 0))"
        }
    }

    /// The record of a task that is unchanged since its submission.
    static func record(_ id: TaskID, _ bytes: [UInt8]) throws(StoreError) -> TaskRecord {
        var reader = PackedReader(bytes)
        var createdAt = Timestamp(milliseconds: 0)
        var runAt = createdAt
        var definition = TaskDefinition(type: "")
        try times(&reader, &createdAt, &runAt)
        try layout(&reader, &definition)
        return TaskRecord(
            id: id, definition: definition,
            state: TaskState(createdAt: createdAt, runAt: runAt, queueTimeout: definition.queueTimeout))
    }
}

extension UniqueRule {
    /// The key, and behind `\u{1E}`, which no key contains, everything else if it is not as usual.
    var stored: String { terms.map { "\(key)\u{1E}\($0)" } ?? key }

    /// Nil for an empty text.
    fileprivate init?(stored: String) {
        guard !stored.isEmpty else { return nil }
        let parts = stored.split(separator: "\u{1E}", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(key: String(parts[0]), terms: parts.count > 1 ? String(parts[1]) : nil)
    }
}

#endif
