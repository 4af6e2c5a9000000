import XQueueCore

/// What holds for unique keys, by the tasks themselves.
extension Witness {
    /// Checks the key of a task that has changed. The store has taken the whole step by then.
    func checkKey(of record: TaskRecord, _ old: TaskRecord?) {
        if old?.pendingReason == .blocked, record.status == .processing {
            fail(.sharedKey, "task \(record.payload) was blocked, and started")
        }
        guard let scope = record.definition.uniqueScope, let cluster else { return }
        let rivals = cluster.store.records.values.filter { $0.definition.uniqueScope == scope }
            .sorted { $0.id < $1.id }
        let holders = rivals.filter(\.holdsKey)
        let blocked = rivals.filter { $0.pendingReason == .blocked }
        if holders.count > 1 { fail(.sharedKey, names(of: holders)) }
        if blocked.count > 1 { fail(.sharedKey, "\(names(of: blocked)), all blocked") }
        if holders.isEmpty, !blocked.isEmpty { fail(.forgottenTask, names(of: blocked)) }
    }

    private func names(of records: [TaskRecord]) -> String {
        "tasks " + records.map { "\($0.payload)" }.joined(separator: ", ")
    }
}

extension TaskRecord {
    /// Whether it has its unique key. No key of a plan has a window.
    fileprivate var holdsKey: Bool {
        guard let unique = definition.unique, !state.status.isFinal, state.pendingReason != .blocked else {
            return false
        }
        return unique.until == .done || (state.status == .pending && state.startedAt == nil)
    }
}
