import GRDB
import XQueueCore

/// The `types` table, held in memory by the writer: names, limits, and how many tasks are in each status.
///
/// Changes of the counts gather here and are written once, before the commit. After a rollback the
/// catalog is loaded anew.
struct TypeCatalog {
    struct Entry {
        let id: Int64
        var state: TypeState
        var isDirty = false
    }

    /// Type number `id` stands at `id - 1`: types are never removed.
    private(set) var entries: [Entry] = []
    private var ids: [String: Int64] = [:]
    private(set) var pending = 0

    init(_ db: Database) throws {
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM types ORDER BY id")
        for row in rows {
            let state = try TypeState(row)
            entries.append(Entry(id: row["id"], state: state))
            ids[state.type] = row["id"]
            pending += state.counts[.pending]
        }
    }

    var count: Int { entries.count }

    func id(of type: String) -> Int64? { ids[type] }

    func entry(_ id: Int64) -> Entry { entries[Int(id) - 1] }

    /// Nil for a number that no type has.
    func name(_ id: Int64) -> String? {
        guard 1...Int64(max(entries.count, 1)) ~= id, !entries.isEmpty else { return nil }
        return entries[Int(id) - 1].state.type
    }

    /// The type's number, made if need be.
    ///
    /// - Throws: ``StoreError/Code/tooManyTypes`` before anything was changed.
    mutating func make(_ type: String, _ db: Database, limit: Int) throws -> Int64 {
        if let id = ids[type] { return id }
        guard count < limit else {
            throw StoreError(.tooManyTypes, "there are \(limit) task types already; this would be one more")
        }
        let id = Int64(count) + 1
        try db.execute(sql: "INSERT INTO types (id, name) VALUES (?, ?)", arguments: [id, type])
        entries.append(Entry(id: id, state: TypeState(type: type)))
        ids[type] = id
        return id
    }

    mutating func set(_ id: Int64, limit: Int?, _ db: Database) throws {
        try db.execute(sql: "UPDATE types SET max_concurrency = ? WHERE id = ?", arguments: [limit, id])
        entries[Int(id) - 1].state.limit = limit
    }

    mutating func set(_ id: Int64, paused: Bool, _ db: Database) throws {
        try db.execute(sql: "UPDATE types SET paused = ? WHERE id = ?", arguments: [paused, id])
        entries[Int(id) - 1].state.isPaused = paused
    }

    /// Counts a task that was in `old`, or nowhere, and is in `new`, or nowhere.
    mutating func move(_ id: Int64, from old: TaskStatus?, to new: TaskStatus?) {
        guard old != new else { return }
        guard name(id) != nil else { return }
        let index = Int(id) - 1
        // Counts that somebody has changed in the file do not fall below zero, where none could be read again.
        if let old { entries[index].state.counts[old] = max(entries[index].state.counts[old] - 1, 0) }
        if let new { entries[index].state.counts[new] += 1 }
        if old == .pending { pending = max(pending - 1, 0) }
        if new == .pending { pending += 1 }
        entries[index].isDirty = true
    }

    /// Writes the counts that changed.
    mutating func flush(_ session: WriteSession) throws {
        for index in entries.indices where entries[index].isDirty {
            let counts = entries[index].state.counts
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
            statement.bind(7, entries[index].id)
            try statement.run(session.db)
            entries[index].isDirty = false
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
