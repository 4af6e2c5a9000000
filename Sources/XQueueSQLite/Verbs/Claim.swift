import GRDB
import XQueueCore

extension WriteSession {
    /// Maximum number of tasks one claim parks; the next claim continues.
    private static let parksPerClaim = 1000

    func claim(_ request: ClaimRequest) throws -> ClaimResult {
        var heads = ReadyHeads()
        defer { heads.close() }
        var held: [String: Int] = [:]
        var chosen: [(task: StoredTask, grant: ClaimGrant)] = []
        var parked: [StoredTask] = []
        var bytes = 0
        for (index, share) in request.shares.enumerated() {
            try heads.open(share.types, self)
            var wanted = share.count
            while wanted > 0, parked.count < Self.parksPerClaim,
                chosen.isEmpty || bytes <= request.maxBytes, let best = heads.best
            {
                var task = try read(best.row)
                let taken = try takeToken(for: task.record, &held)
                if taken {
                    bytes += task.record.contentBytes
                    chosen.append((task, request.grant(chosen.count, to: index)))
                    wanted -= 1
                } else {
                    // Parking does not change the payload, and a thousand payloads take much memory.
                    task.record.payload = .null
                    parked.append(task)
                }
                try heads.advance(best.place, afterTaking: taken, db)
            }
        }
        // The cursors must be closed before their rows change.
        heads.close()
        for task in parked { try step(task, .park) }
        let tasks = try chosen.map { try step($0.task, .claim($0.grant)).get() }
        return ClaimResult(tasks: tasks, hasMore: heads.hasMore)
    }

    /// Takes a token of the task's key if it needs one; returns false if none is free.
    private func takeToken(for record: TaskRecord, _ held: inout [String: Int]) throws -> Bool {
        guard let concurrency = record.concurrency else { return true }
        let inUse = try held[concurrency.key] ?? tokensHeld(concurrency.key)
        let isFree = inUse < concurrency.limit
        held[concurrency.key] = isFree ? inUse + 1 : inUse
        return isFree
    }
}

/// The best ready tasks of the types that a claim asks for.
private struct ReadyHeads {
    /// Nil for a type none of whose tasks can be claimed any more.
    private var heads: [ReadyHead?] = []
    /// The place of each type in `heads`.
    private var places: [String: Int] = [:]
    /// The types of the present share, and the places of those with tasks.
    private var types: [String] = []
    private var open: [Int] = []

    /// Turns to a share that asks for `types`.
    mutating func open(_ types: [String], _ session: WriteSession) throws {
        guard types != self.types else { return }
        self.types = types
        open = []
        for type in types {
            if places[type] == nil {
                places[type] = heads.count
                heads.append(try ReadyHead(type, session))
            }
            if let place = places[type], heads[place] != nil { open.append(place) }
        }
    }

    /// The place of the best task for the present share, and its row; nil if there is none.
    var best: (place: Int, row: PreparedStatement)? {
        let place = open.min { left, right in
            guard let left = heads[left], let right = heads[right] else { return false }
            return left.precedes(right)
        }
        guard let place, let head = heads[place] else { return nil }
        return (place, head.statement)
    }

    /// Whether tasks are left that could be claimed.
    var hasMore: Bool { heads.contains { $0 != nil } }

    mutating func advance(_ place: Int, afterTaking taken: Bool, _ db: Database) throws {
        guard try heads[place]?.advance(afterTaking: taken, db) != true else { return }
        heads[place] = nil
        open.removeAll { $0 == place }
    }

    func close() {
        for case let head? in heads { head.statement.reset() }
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
