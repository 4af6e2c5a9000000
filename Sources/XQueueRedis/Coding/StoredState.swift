#if Redis

import XQueueCore

/// The packed forms of a task's state, which is stored from its first change on, and of its failed attempts.
enum StoredState {
    /// Flags that spare scripts from reading the definition: the task has a unique key; it has metadata.
    static let (isUnique, isTagged) = (1, 2)

    /// The state, followed by the error and the progress message.
    static func layout<Coder: LayoutCoder>(
        _ coder: inout Coder, _ record: inout TaskRecord
    ) throws(StoreError) {
        var state = record.state
        var reason = state.reasonCode ?? 0
        var flags =
            (record.definition.uniqueKey == nil ? 0 : isUnique)
            + (record.definition.metadata == nil ? 0 : isTagged)
        var expiresAt = state.lease?.expiresAt
        var deadline = state.lease?.deadline
        var token = state.lease?.token.rawValue ?? 0
        var percent = state.progress?.percent ?? -1
        var message = state.progress?.message.marked ?? ""
        var limit = record.concurrency?.limit ?? 0
        var type = record.type
        var key = record.concurrency?.key ?? ""
        var error = state.error.marked
        var errorLength = error.utf8.count
        try coder.code("STATUS", &state.status)
        try coder.count("REASON", .uint8, &reason)
        try coder.count("FLAGS", .uint8, &flags)
        try coder.count("RETRIES", .uint16, &state.retryCount)
        try coder.count("VERSION", .uint32, initial: 1, &state.version)
        try coder.time("UPDATED", &state.updatedAt)
        try coder.time("RUN", &state.runAt)
        try coder.time("STARTED", &state.startedAt)
        try coder.time("COMPLETED", &state.completedAt)
        try coder.time("QUEUE_DEADLINE", &state.queueDeadline)
        try coder.time("CANCEL", &state.cancelRequestedAt)
        try coder.time("EXPIRES", &expiresAt)
        try coder.time("DEADLINE", &deadline)
        try coder.integer("TOKEN", .uint64, initial: 0, &token)
        try coder.double("PERCENT", initial: -1, &percent)
        try coder.count("LIMIT", .uint32, &limit)
        try coder.text("TYPE", &type)
        try coder.text("KEY", &key)
        try coder.marked("WORKER", &state.workerID)
        try coder.count("ERROR_LENGTH", .uint16, &errorLength)
        try coder.text(length: errorLength, &error)
        try coder.rest(&message)
        guard Coder.reads else { return }
        state.pendingReason = state.status == .pending ? PendingReason(code: reason) : nil
        state.error = error.unmarked
        state.progress = percent < 0 ? nil : TaskProgress(percent: percent, message: message.unmarked)
        if state.status == .processing, let expiresAt, let worker = state.workerID {
            state.lease = Lease(
                token: LeaseToken(rawValue: token), workerID: worker,
                isRemote: reason == TaskState.remoteCode, expiresAt: expiresAt, deadline: deadline)
        }
        record.state = state
    }

    /// A failed attempt: its fields, followed by the worker and the message.
    static func layout<Coder: LayoutCoder>(
        _ coder: inout Coder, _ line: inout AttemptError
    ) throws(StoreError) {
        var worker = line.workerID.marked
        var workerLength = worker.utf8.count
        var messageLength = line.message.utf8.count
        try coder.count("ATTEMPT", .uint32, &line.attempt)
        try coder.code("FAILURE_KIND", &line.kind)
        try coder.time("STARTED", &line.startedAt)
        try coder.time("ENDED", &line.endedAt)
        try coder.count("WORKER_LENGTH", .uint16, &workerLength)
        try coder.count("MESSAGE_LENGTH", .uint16, &messageLength)
        try coder.text(length: workerLength, &worker)
        try coder.text(length: messageLength, &line.message)
        if Coder.reads { line.workerID = worker.unmarked }
    }

    /// Applies the packed state to `record`.
    static func apply(_ bytes: [UInt8], to record: inout TaskRecord) throws(StoreError) {
        var reader = PackedReader(bytes)
        try layout(&reader, &record)
    }

    /// Unpacks the failed attempts.
    static func errors(_ bytes: [UInt8]) throws(StoreError) -> [AttemptError] {
        var reader = PackedReader(bytes)
        var errors: [AttemptError] = []
        while !reader.isAtEnd {
            var line = AttemptError(
                attempt: 0, kind: .error, message: "", workerID: nil, startedAt: nil,
                endedAt: Timestamp(milliseconds: 0))
            try layout(&reader, &line)
            errors.append(line)
        }
        return errors
    }
}

#endif
