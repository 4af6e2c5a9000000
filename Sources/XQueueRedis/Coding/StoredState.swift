#if Redis

import XQueueCore

/// Where a task stands, as it is kept: `records.lua` and `machine.lua` have the same layouts.
enum StoredState {
    /// Puts the state that `bytes` hold into `record`.
    static func apply(_ bytes: [UInt8], to record: inout TaskRecord) throws(StoreError) {
        var reader = PackedReader(bytes)
        guard let status = TaskStatus(code: try reader.int(width: 1)) else {
            throw StoreError(.corrupt, "task \(record.id) has an impossible status")
        }
        let reason = PendingReason(code: try reader.int(width: 1))
        _ = try reader.int(width: 1)
        record.status = status
        record.pendingReason = status == .pending ? reason : nil
        record.retryCount = try reader.int(width: 2)
        record.version = try reader.int(width: 4)
        record.updatedAt = try reader.time() ?? record.updatedAt
        record.runAt = try reader.time() ?? record.runAt
        record.startedAt = try reader.time()
        record.completedAt = try reader.time()
        record.queueDeadline = try reader.time()
        record.cancelRequestedAt = try reader.time()
        let expiresAt = try reader.time()
        let deadline = try reader.time()
        let token = try reader.integer(width: 8)
        let percent = try reader.double()
        _ = try reader.int(width: 4)
        _ = try reader.terminated()
        _ = try reader.terminated()
        record.workerID = try reader.terminated().unmarked
        let errorLength = try reader.int(width: 2)
        record.error = try reader.text(length: errorLength).unmarked
        let message = reader.rest().unmarked
        record.progress = percent < 0 ? nil : TaskProgress(percent: percent, message: message)
        if status == .processing, let expiresAt, let worker = record.workerID {
            record.lease = Lease(
                token: LeaseToken(rawValue: token), workerID: worker, expiresAt: expiresAt,
                deadline: deadline)
        }
    }

    /// The history of failed attempts.
    static func errors(_ bytes: [UInt8]) throws(StoreError) -> [AttemptError] {
        var reader = PackedReader(bytes)
        var errors: [AttemptError] = []
        while !reader.isAtEnd {
            let attempt = try reader.int(width: 4)
            guard let kind = AttemptFailure.Kind(code: try reader.int(width: 1)) else {
                throw StoreError(.corrupt, "a task has an impossible kind of failure")
            }
            let startedAt = try reader.time()
            let endedAt = Timestamp(milliseconds: try reader.integer(width: 6))
            let workerLength = try reader.int(width: 2)
            let messageLength = try reader.int(width: 2)
            let worker = try reader.text(length: workerLength).unmarked
            let message = try reader.text(length: messageLength)
            errors.append(
                AttemptError(
                    attempt: attempt, kind: kind, message: message, workerID: worker, startedAt: startedAt,
                    endedAt: endedAt))
        }
        return errors
    }
}

#endif
