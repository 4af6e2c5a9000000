import XQueueCore

/// A record together with where it is stored.
struct StoredTask {
    var seq: Int64
    var typeID: Int64
    var record: TaskRecord
}

/// The columns of a record, in the one order everybody reads them in.
enum TaskColumns {
    static let names =
        steps + " result, coalesce(payload, "
        + "(SELECT payload FROM large_payloads WHERE task = seq)), trace"
    /// The same for a verb that takes steps and answers no records: without payload and result, which may be large
    /// and which no step of an unfinished task changes.
    static let light = steps + " NULL, 'null', trace"

    private static let steps = """
        seq, tasks.id, type, status, reason, priority, due_at, version, retry_count, max_retry, created_at, \
        updated_at, run_at, started_at, completed_at, cancel_requested_at, lease_token, lease_deadline, \
        worker, queue_timeout, process_timeout, key, key_limit, unique_key, retry_policy, progress, \
        progress_message, error, errors,
        """
    /// The column after the last one, for a query that adds the type's name.
    static let count: Int32 = 32
}

/// A row that cannot be what this program wrote.
struct CorruptRow: Error, CustomStringConvertible {
    let seq: Int64
    let column: String

    var description: String { "row \(seq) of tasks holds an impossible \(column)" }
}

extension PreparedStatement {
    /// A number that no task counts beyond.
    private func count(_ column: Int32, _ name: String, _ seq: Int64) throws(StoreError) -> Int {
        try StoredNumber.count(integer(column), in: "\(name) of row \(seq) of tasks")
    }

    /// The type of the task in the current row.
    var typeID: Int64 { integer(2) }

    /// The task in the current row.
    func task(typeName: String) throws -> StoredTask {
        let seq = integer(0)
        guard let id = taskID(1) else { throw CorruptRow(seq: seq, column: "id") }
        guard let status = TaskStatus(code: Int(integer(3))) else {
            throw CorruptRow(seq: seq, column: "status")
        }
        guard let payload = text(30) else { throw CorruptRow(seq: seq, column: "payload") }
        let reason = optionalInteger(4).flatMap { PendingReason(code: Int($0)) }
        let dueAt = time(6)
        let worker = text(18)
        var record = TaskRecord(
            id: id, type: typeName, payload: RawJSON(trusted: payload),
            priority: Int32(truncatingIfNeeded: integer(5)), maxRetry: try count(9, "max_retry", seq),
            queueTimeout: duration(19), processTimeout: duration(20),
            concurrency: try text(21).map {
                ConcurrencyLimit(key: $0, limit: try count(22, "key_limit", seq))
            },
            uniqueKey: text(23),
            retryPolicy: try text(24).map { try RetryPolicy(stored: $0, seq: seq) } ?? .standard,
            status: status, pendingReason: reason,
            createdAt: Timestamp(milliseconds: integer(10)),
            updatedAt: Timestamp(milliseconds: integer(11)),
            runAt: Timestamp(milliseconds: integer(12)))
        record.trace = text(31).flatMap { TraceContext(text: $0) }
        record.version = try count(7, "version", seq)
        record.retryCount = try count(8, "retry_count", seq)
        record.startedAt = time(13)
        record.completedAt = time(14)
        record.cancelRequestedAt = time(15)
        record.workerID = worker
        record.progress = number(25).map { TaskProgress(percent: $0, message: text(26)) }
        record.error = text(27)
        record.errors = try text(28).map { try [AttemptError](stored: $0, seq: seq) } ?? []
        record.result = text(29).map { RawJSON(trusted: $0) }
        switch status {
        case .pending where reason != .scheduled:
            record.queueDeadline = dueAt
        case .processing:
            guard let dueAt, let worker else { throw CorruptRow(seq: seq, column: "lease") }
            record.lease = Lease(
                token: LeaseToken(rawValue: integer(16)), workerID: worker, expiresAt: dueAt,
                deadline: time(17))
        default: break
        }
        return StoredTask(seq: seq, typeID: typeID, record: record)
    }
}
