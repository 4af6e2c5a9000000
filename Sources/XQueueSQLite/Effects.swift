import XQueueCore

/// What a transaction has done once it is committed: for signals and rates, never for decisions.
struct Effects {
    var becameReady = false
    var earliestDue: Timestamp?
    var cancelRequests: [TaskID] = []
    var wroteEvents = false
    var flow = FlowCounts()

    mutating func due(at time: Timestamp) {
        earliestDue = earliestDue.map { min($0, time) } ?? time
    }

    mutating func inserted(_ record: TaskRecord) {
        flow.submitted += 1
        notePending(record)
    }

    /// A task came from another store; it did not change here.
    mutating func adopted(_ record: TaskRecord) {
        notePending(record)
    }

    mutating func changed(from old: TaskRecord, to new: TaskRecord) {
        if new.dueAt != old.dueAt || new.pendingReason != old.pendingReason { notePending(new) }
        // Rewritten: it may have become free to run.
        if new.status == old.status, new.version != old.version { notePending(new) }
        if new.cancelRequestedAt != nil, old.cancelRequestedAt == nil, new.status == .processing {
            cancelRequests.append(new.id)
        }
        guard new.status != old.status else { return }
        switch new.status {
        case .pending: if new.retryCount > old.retryCount { flow.retried += 1 }
        case .processing: flow.started += 1
        case .success: flow.succeeded += 1
        case .failed: flow.failed += 1
        case .canceled: flow.canceled += 1
        case .timeout: flow.timedOut += 1
        }
    }

    private mutating func notePending(_ record: TaskRecord) {
        if record.pendingReason == .ready { becameReady = true }
        if let time = record.dueAt { due(at: time) }
    }
}
