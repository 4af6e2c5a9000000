#if Redis

import XQueueCore

/// What was asked of a task, as it is kept.
enum StoredDefinition {
    /// When the task was accepted, and when it is to become ready for the first time.
    static func times<Coder: LayoutCoder>(
        _ coder: inout Coder, _ createdAt: inout Timestamp, _ runAt: inout Timestamp
    ) throws(StoreError) {
        try coder.time("CREATED", &createdAt)
        try coder.time("FIRST_RUN", &runAt)
    }

    /// All but those times.
    static func layout<Coder: LayoutCoder>(
        _ coder: inout Coder, _ definition: inout TaskDefinition
    ) throws(StoreError) {
        var limit = definition.concurrency?.limit ?? 0
        var key = definition.concurrency?.key ?? ""
        var uniqueKey = definition.uniqueKey ?? ""
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
        // What scripts do not look at, one line each; new ones at the end.
        try coder.passive(&definition.trace)
        try coder.passive(&definition.metadata)
        guard Coder.reads else { return }
        definition.concurrency = limit == 0 ? nil : ConcurrencyLimit(key: key, limit: limit)
        definition.uniqueKey = uniqueKey.isEmpty ? nil : uniqueKey
        definition.payload = RawJSON(trusted: payload)
    }

    /// All but the two times at the beginning, which the script adds by its own clock.
    ///
    /// - Throws: ``StoreError`` if a text holds a NUL, which ends texts in this layout.
    static func pack(_ task: NewTask) throws(StoreError) -> [UInt8] {
        try pack(task.definition)
    }

    /// - Parameters:
    ///   - definition: What was asked.
    ///   - times: Writes what stands before it.
    /// - Throws: ``StoreError`` if a text holds a NUL.
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

    /// When the task is to run, as `insert.lua` takes it.
    static func schedule(_ schedule: NewTask.Schedule) -> String {
        switch schedule {
        case .now: ""
        case .after(let delay): "+\(max(delay.wholeMilliseconds, 0))"
        case .at(let time): "\(max(time.milliseconds, 0))"
        }
    }

    /// The record of a task that has not moved since it was submitted.
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

#endif
