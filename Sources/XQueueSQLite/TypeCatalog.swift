import GRDB
import XQueueCore
import XQueueStoreKit

/// The `types` table, held in memory by the writer: names, limits, and task counts by status.
///
/// Count changes accumulate here and are written once, before the commit. After a rollback the catalog is
/// reloaded.
struct TypeCatalog {
    struct Entry {
        let id: Int64
        var state: TypeState
        var isDirty = false
    }

    /// Type number `id` is at index `id - 1`; nil if it was removed, in which case the next new type reuses its
    /// number.
    private var entries: [Entry?] = []
    private var ids: [String: Int64] = [:]
    private var freeIDs: [Int64] = []
    private(set) var pending = 0

    init(_ db: Database) throws {
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM types ORDER BY id")
        for row in rows {
            let (id, state): (Int64, TypeState) = (row["id"], try TypeState(row))
            while entries.count < Int(id) - 1 {
                entries.append(nil)
                freeIDs.append(Int64(entries.count))
            }
            entries.append(Entry(id: id, state: state))
            ids[state.type] = id
            pending += state.counts[.pending]
        }
    }

    var count: Int { ids.count }
    /// Number of ended tasks.
    var finished: Int { entries.reduce(0) { $0 + ($1?.state.counts.finished ?? 0) } }

    func id(of type: String) -> Int64? { ids[type] }

    /// The entry of an existing type.
    func entry(_ id: Int64) -> Entry {
        entries[Int(id) - 1] ?? Entry(id: id, state: TypeState(type: ""))
    }

    /// Nil if no type has this number.
    func name(_ id: Int64) -> String? {
        guard id >= 1, id <= entries.count else { return nil }
        return entries[Int(id) - 1]?.state.type
    }

    /// Returns the type's number, assigning one if necessary.
    ///
    /// - Throws: ``StoreError/Code/tooManyTypes`` before anything has changed.
    mutating func make(_ type: String, _ db: Database, limit: Int) throws -> Int64 {
        if let id = ids[type] { return id }
        guard count < limit else {
            throw StoreError(.tooManyTypes, "there are \(count) task types; the limit is \(limit)")
        }
        let id = freeIDs.last ?? Int64(entries.count) + 1
        try db.execute(sql: "INSERT INTO types (id, name) VALUES (?, ?)", arguments: [id, type])
        if freeIDs.popLast() == nil { entries.append(nil) }
        entries[Int(id) - 1] = Entry(id: id, state: TypeState(type: type))
        ids[type] = id
        return id
    }

    /// Removes a type that has no tasks.
    mutating func remove(_ id: Int64, _ db: Database) throws {
        try db.execute(sql: "DELETE FROM types WHERE id = ?", arguments: [id])
        if let name = name(id) { ids[name] = nil }
        entries[Int(id) - 1] = nil
        freeIDs.append(id)
    }

    mutating func set(_ id: Int64, limit: Int?, _ db: Database) throws {
        try db.execute(sql: "UPDATE types SET max_concurrency = ? WHERE id = ?", arguments: [limit, id])
        entries[Int(id) - 1]?.state.limit = limit
    }

    mutating func set(_ id: Int64, paused: Bool, _ db: Database) throws {
        try db.execute(sql: "UPDATE types SET paused = ? WHERE id = ?", arguments: [paused, id])
        entries[Int(id) - 1]?.state.isPaused = paused
    }

    /// Updates the counts for a task that moved from `old` to `new`; nil means it did not exist before, or does
    /// not any more.
    mutating func move(_ id: Int64, from old: TaskStatus?, to new: TaskStatus?) {
        guard old != new else { return }
        guard name(id) != nil else { return }
        let index = Int(id) - 1
        // Counts that were edited in the file must not go negative, where they could not be read again.
        if let old, let count = entries[index]?.state.counts[old] {
            entries[index]?.state.counts[old] = max(count - 1, 0)
        }
        if let new { entries[index]?.state.counts[new] += 1 }
        if old == .pending { pending = max(pending - 1, 0) }
        if new == .pending { pending += 1 }
        entries[index]?.isDirty = true
    }

    /// Writes the changed counts.
    mutating func flush(_ session: WriteSession) throws {
        for index in entries.indices {
            guard let entry = entries[index], entry.isDirty else { continue }
            let counts = entry.state.counts
            let statement = try session.statement(
                .saveCounts,
                """
                UPDATE types SET pending = ?, processing = ?, success = ?, failed = ?, canceled = ?,
                    timeout = ? WHERE id = ?
                """)
            statement.bind(1, counts[.pending])
            statement.bind(2, counts[.processing])
            statement.bind(3, counts[.success])
            statement.bind(4, counts[.failed])
            statement.bind(5, counts[.canceled])
            statement.bind(6, counts[.timeout])
            statement.bind(7, entry.id)
            try statement.run(session.db)
            entries[index]?.isDirty = false
        }
    }
}

extension TypeState {
    init(_ row: Row) throws {
        self.init(type: row["name"], limit: row["max_concurrency"], isPaused: row["paused"])
        for status in TaskStatus.allCases {
            counts[status] = try StoredNumber.count(
                row[status.rawValue], in: "types.\(status.rawValue) of \(type)")
        }
    }
}
