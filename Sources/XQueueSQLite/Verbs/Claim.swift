import GRDB
import XQueueCore

extension WriteSession {
    /// Maximum number of tasks one claim parks; the next claim continues.
    private static let parksPerClaim = 1000

    func claim(_ request: ClaimRequest) throws -> ClaimResult {
        var heads = try request.types.compactMap { try ReadyHead($0, self) }
        defer { for head in heads { head.statement.reset() } }
        var held: [String: Int] = [:]
        var chosen: [StoredTask] = []
        var parked: [StoredTask] = []
        var bytes = 0
        while chosen.count < request.count, parked.count < Self.parksPerClaim,
            chosen.isEmpty || bytes <= request.maxBytes,
            let best = heads.indices.min(by: { heads[$0].precedes(heads[$1]) })
        {
            var task = try read(heads[best].statement)
            let taken = try takeToken(for: task.record, &held)
            if taken {
                bytes += task.record.contentBytes
                chosen.append(task)
            } else {
                // Parking does not change the payload, and a thousand payloads take much memory.
                task.record.payload = .null
                parked.append(task)
            }
            if try !heads[best].advance(afterTaking: taken, db) { heads.remove(at: best) }
        }
        // The cursors must be closed before their rows change.
        for head in heads { head.statement.reset() }
        let hasMore = !heads.isEmpty
        for task in parked { try step(task, .park) }
        return ClaimResult(tasks: try grant(chosen, request.grant), hasMore: hasMore)
    }

    /// Takes a token of the task's key if it needs one; returns false if none is free.
    private func takeToken(for record: TaskRecord, _ held: inout [String: Int]) throws -> Bool {
        guard let concurrency = record.concurrency else { return true }
        let inUse = try held[concurrency.key] ?? tokensHeld(concurrency.key)
        let isFree = inUse < concurrency.limit
        held[concurrency.key] = isFree ? inUse + 1 : inUse
        return isFree
    }

    private func grant(_ tasks: [StoredTask], _ first: ClaimGrant) throws -> [TaskRecord] {
        var records: [TaskRecord] = []
        records.reserveCapacity(tasks.count)
        for (offset, task) in tasks.enumerated() {
            var grant = first
            grant.token = first.token.offset(by: offset)
            records.append(try step(task, .claim(grant)).get())
        }
        return records
    }
}

/// The best ready task of one type that a claim has not examined yet.
private struct ReadyHead {
    let statement: PreparedStatement
    /// How many more tasks of the type may run; nil for no limit.
    private var room: Int?
    private var priority: Int64
    private var id: TaskID

    /// Nil if no task of the type can be claimed.
    init?(_ type: String, _ session: WriteSession) throws {
        guard let typeID = session.catalog.id(of: type) else { return nil }
        let state = session.catalog.entry(typeID).state
        guard !state.isPaused, state.counts[.pending] > 0 else { return nil }
        room = state.limit.map { $0 - state.counts[.processing] }
        if let room, room <= 0 { return nil }
        // One statement per type, since several are open at the same time.
        statement = try session.statement(
            .ready(type: typeID),
            """
            SELECT \(TaskColumns.names) FROM tasks
            WHERE type = \(typeID) AND status = 0 AND reason = 0 ORDER BY priority DESC, id
            """)
        guard try statement.step(session.db), let id = statement.taskID(1) else {
            statement.reset()
            return nil
        }
        self.id = id
        priority = statement.priority
    }

    func precedes(_ other: ReadyHead) -> Bool {
        priority != other.priority ? priority > other.priority : id < other.id
    }

    /// Moves to the next task; returns false if there is none, or no room for one.
    mutating func advance(afterTaking taken: Bool, _ db: Database) throws -> Bool {
        if taken, let left = room {
            room = left - 1
            if left == 1 {
                statement.reset()
                return false
            }
        }
        guard try statement.step(db), let next = statement.taskID(1) else {
            statement.reset()
            return false
        }
        id = next
        priority = statement.priority
        return true
    }
}
