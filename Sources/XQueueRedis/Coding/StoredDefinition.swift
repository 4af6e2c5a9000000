#if Redis

import XQueueCore

/// What was asked of a task, as it is kept: `records.lua` has the same layout.
enum StoredDefinition {
    /// All but the two times at the beginning, which the script adds by its own clock.
    ///
    /// - Throws: ``StoreError`` if a text holds a NUL, which ends texts in this layout.
    static func pack(_ task: NewTask) throws(StoreError) -> [UInt8] {
        for text in [task.type, task.concurrency?.key, task.uniqueKey] {
            if let text, text.utf8.contains(0) {
                throw StoreError(.corrupt, "a type or key with a NUL cannot be kept")
            }
        }
        var writer = PackedWriter(capacity: 96 + task.payload.text.utf8.count)
        writer.put(Int(task.priority), width: 4)
        writer.put(task.maxRetry, width: 2)
        writer.put(milliseconds: task.queueTimeout)
        writer.put(milliseconds: task.processTimeout)
        writer.put(task.concurrency?.limit ?? 0, width: 4)
        writer.put(task.retryPolicy.strategy.code, width: 1)
        writer.put(milliseconds: task.retryPolicy.delay)
        writer.put(milliseconds: task.retryPolicy.maxDelay)
        writer.put(task.retryPolicy.jitter.isFinite ? task.retryPolicy.jitter : 0)
        writer.put(terminated: task.type)
        writer.put(terminated: task.concurrency?.key ?? "")
        writer.put(terminated: task.uniqueKey ?? "")
        writer.put(task.payload.text)
        if let trace = task.trace {
            writer.put(terminated: "")
            writer.put(terminated: trace.text)
        }
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
        let createdAt = Timestamp(milliseconds: try reader.integer(width: 6))
        let runAt = Timestamp(milliseconds: try reader.integer(width: 6))
        let priority = try reader.signed32()
        let maxRetry = try reader.int(width: 2)
        let queueTimeout = try reader.duration()
        let processTimeout = try reader.duration()
        let limit = try reader.int(width: 4)
        guard let strategy = RetryPolicy.Strategy(code: try reader.int(width: 1)) else {
            throw StoreError(.corrupt, "task \(id) has an impossible retry strategy")
        }
        let policy = RetryPolicy(
            strategy: strategy, delay: try reader.duration() ?? .zero,
            maxDelay: try reader.duration() ?? .zero, jitter: try reader.double())
        let type = try reader.terminated()
        let key = try reader.terminated()
        let uniqueKey = try reader.terminated()
        let (payload, trace) = reader.restAndTerminated()
        let isReady = runAt <= createdAt
        return TaskRecord(
            id: id, type: type, payload: RawJSON(trusted: payload), priority: priority,
            maxRetry: maxRetry, queueTimeout: queueTimeout, processTimeout: processTimeout,
            concurrency: limit == 0 ? nil : ConcurrencyLimit(key: key, limit: limit),
            uniqueKey: uniqueKey.isEmpty ? nil : uniqueKey, retryPolicy: policy,
            trace: trace.flatMap { TraceContext(text: $0) }, status: .pending,
            pendingReason: isReady ? .ready : .scheduled, createdAt: createdAt, updatedAt: createdAt,
            runAt: runAt, queueDeadline: isReady ? queueTimeout.map { createdAt + $0 } : nil)
    }
}

#endif
