import XQueueCore
import XQueueStoreKit

/// A record and its row.
struct StoredTask {
    var seq: Int64
    var typeID: Int64
    var record: TaskRecord
}

/// The columns of a record, in the order all code reads them: state, payload, definition.
enum TaskColumns {
    static let names =
        "\(steps), result, coalesce(payload, (SELECT payload FROM large_payloads WHERE task = seq)), \(definition)"
    /// The same for verbs that take steps but return no records: without payload and result, which may be large
    /// and which no step of an unfinished task changes.
    static let light = "\(steps), NULL, 'null', \(definition)"

    private static let steps = """
        seq, tasks.id, type, status, reason, due_at, version, retry_count, created_at, updated_at, run_at, \
        started_at, completed_at, cancel_requested_at, lease_token, lease_deadline, worker, progress, \
        progress_message, error, errors
        """
    private static let definition = DefinitionColumns.names.joined(separator: ", ")

    /// Index of the definition's first column.
    fileprivate static let firstOfDefinition: Int32 = 23
    fileprivate static let priority =
        firstOfDefinition + Int32(DefinitionColumns.names.firstIndex(of: "priority") ?? 0)
    /// Index after the last column, for a query that adds the type's name.
    static let count = firstOfDefinition + Int32(DefinitionColumns.names.count)
}

/// A row that this program cannot have written.
struct CorruptRow: Error, CustomStringConvertible {
    let seq: Int64
    let column: String

    var description: String { "row \(seq) of tasks has an invalid \(column)" }
}

extension PreparedStatement {
    /// A count, checked for plausibility.
    private func count(_ column: Int32, _ name: String, _ seq: Int64) throws(StoreError) -> Int {
        try StoredNumber.count(integer(column), in: "\(name) of row \(seq) of tasks")
    }

    /// The type of the task in the current row.
    var typeID: Int64 { integer(2) }

    /// The priority of the task in the current row.
    var priority: Int64 { integer(TaskColumns.priority) }

    /// The task in the current row.
    func task(typeName: String) throws -> StoredTask {
        let seq = integer(0)
        guard let id = taskID(1) else { throw CorruptRow(seq: seq, column: "id") }
        guard let status = TaskStatus(code: Int(integer(3))) else {
            throw CorruptRow(seq: seq, column: "status")
        }
        guard let payload = text(22) else { throw CorruptRow(seq: seq, column: "payload") }
        var definition = TaskDefinition(type: typeName, payload: RawJSON(trusted: payload))
        var reader = ColumnReader(seq: seq, statement: self, index: TaskColumns.firstOfDefinition)
        try DefinitionColumns.walk(&reader, &definition)
        let dueAt = time(5)
        var state = TaskState(
            createdAt: Timestamp(milliseconds: integer(8)), runAt: Timestamp(milliseconds: integer(10)),
            queueTimeout: nil)
        state.status = status
        let reason = optionalInteger(4).flatMap { Int(exactly: $0) }
        state.pendingReason = status == .pending ? reason.flatMap { PendingReason(code: $0) } : nil
        state.version = try count(6, "version", seq)
        state.retryCount = try count(7, "retry_count", seq)
        state.updatedAt = Timestamp(milliseconds: integer(9))
        state.runAt = Timestamp(milliseconds: integer(10))
        state.startedAt = time(11)
        state.completedAt = time(12)
        state.cancelRequestedAt = time(13)
        state.workerID = text(16)
        state.progress = number(17).map { TaskProgress(percent: $0, message: text(18)) }
        state.error = text(19)
        state.errors = try text(20).map { try [AttemptError](stored: $0, seq: seq) } ?? []
        state.result = text(21).map { RawJSON(trusted: $0) }
        switch status {
        case .pending where state.pendingReason != .scheduled:
            state.queueDeadline = dueAt
        case .processing:
            guard let dueAt, let worker = state.workerID else { throw CorruptRow(seq: seq, column: "lease") }
            state.lease = Lease(
                token: LeaseToken(rawValue: integer(14)), workerID: worker,
                isRemote: reason == TaskState.remoteCode, expiresAt: dueAt, deadline: time(15))
        default: break
        }
        let record = TaskRecord(id: id, definition: definition, state: state)
        return StoredTask(seq: seq, typeID: typeID, record: record)
    }
}
