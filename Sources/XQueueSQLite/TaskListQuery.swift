import GRDB
import XQueueCore

/// A list, with its total and SQL written so that the fitting index serves it.
struct TaskListQuery {
    /// One ordered scan of the tasks: all of them, or those of a status, a type, or a key's history.
    private struct Scan {
        /// Nil for the index on identifiers.
        var index: String?
        var condition: String
        /// Only for the history of this key.
        var key: String?
    }

    /// The position of a task on the page.
    struct Place {
        let seq: Int64
        let id: TaskID
    }

    /// Number of matching tasks, regardless of where the page starts.
    let total: Int
    private let query: TaskQuery
    private let scans: [Scan]

    /// Maximum number of scans in one statement; SQLite accepts 500.
    private static let maxScans = 400

    /// - Parameters:
    ///   - query: Which tasks to list.
    ///   - db: The connection.
    init(_ query: TaskQuery, _ db: Database) throws {
        self.query = query
        let all = TaskStatus.allCases
        let statuses = query.statuses.count == all.count ? [] : all.filter(query.statuses.contains)
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM types")
        let types = try rows.map { (id: $0["id"] as Int64, state: try TypeState($0)) }
        let wanted = types.filter { query.types.isEmpty || query.types.contains($0.state.type) }
        guard !wanted.isEmpty else {
            scans = []
            total = 0
            return
        }
        // No condition on types is needed if all are included.
        let numbers = query.types.isEmpty ? [] : wanted.map(\.id).sorted()
        guard query.concurrencyKeys.isEmpty else {
            scans = query.concurrencyKeys.sorted { $0.key < $1.key }.compactMap { key, only in
                let those = only.isEmpty ? numbers : wanted.filter { only.contains($0.state.type) }.map(\.id)
                guard only.isEmpty || !those.isEmpty else { return nil }
                return Scan(
                    index: "tasks_key_history", condition: Self.condition(statuses, those.sorted()), key: key)
            }
            // There are no stored counts per key.
            total = try scans.reduce(0) { try $0 + Self.count($1, db) }
            return
        }
        func count(_ counts: StatusCounts) -> Int {
            statuses.isEmpty ? counts.total : statuses.reduce(0) { $0 + counts[$1] }
        }
        total = wanted.reduce(0) { $0 + count($1.state.counts) }
        let inAll = types.reduce(0) { $0 + count($1.state.counts) }
        let typesAreMoreSelective = wanted.reduce(0) { $0 + $1.state.counts.total } < inAll
        if !numbers.isEmpty, statuses.isEmpty || typesAreMoreSelective {
            scans = numbers.map { Scan(index: "tasks_type", condition: Self.condition(statuses, [$0])) }
        } else if statuses.isEmpty {
            scans = [Scan(condition: Self.condition([], []))]
        } else {
            scans = statuses.map { Scan(index: "tasks_status", condition: Self.condition([$0], numbers)) }
        }
    }

    private static func condition(_ statuses: [TaskStatus], _ types: [Int64]) -> String {
        var parts: [String] = []
        if statuses.count == 1 {
            parts.append("status = \(statuses[0].code)")
        } else if !statuses.isEmpty {
            parts.append("status IN (\(statuses.map { String($0.code) }.joined(separator: ", ")))")
        }
        if types.count == 1 {
            parts.append("type = \(types[0])")
        } else if !types.isEmpty {
            parts.append("type IN (\(types.map { String($0) }.joined(separator: ", ")))")
        }
        return parts.isEmpty ? "TRUE" : parts.joined(separator: " AND ")
    }

    private static func count(_ scan: Scan, _ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT count(*) FROM tasks INDEXED BY tasks_key_history
                WHERE key = ? AND \(scan.condition)
                """, arguments: [scan.key]) ?? 0
    }

    // MARK: - Page

    /// The positions of the page's tasks, newest first, plus one more if there is one.
    func places(_ db: Database) throws -> [Place] {
        guard query.offset < total else { return [] }
        let most = query.limit.adding(clamped: 1)
        guard scans.count > Self.maxScans else {
            return try places(scans, most: most, skipping: query.offset, db)
        }
        // Each of the statements may find the whole page, and everything to be skipped.
        var found: [Place] = []
        for start in stride(from: 0, to: scans.count, by: Self.maxScans) {
            let part = Array(scans[start..<min(start + Self.maxScans, scans.count)])
            found += try places(part, most: most.adding(clamped: query.offset), skipping: 0, db)
        }
        found.sort { $0.id > $1.id }
        return Array(found.dropFirst(query.offset).prefix(most))
    }

    private func places(
        _ scans: [Scan], most: Int, skipping offset: Int, _ db: Database
    ) throws -> [Place] {
        // Rows come in index order starting at the cursor: nothing is sorted, and nothing before the cursor is
        // read.
        let start = query.after == nil ? "" : " AND id < ?3"
        var keys: [String] = []
        let parts = scans.map { scan in
            var condition = scan.condition
            if let key = scan.key {
                keys.append(key)
                condition = "key = ?\(keys.count + 3) AND " + condition
            }
            let hint = scan.index.map { "INDEXED BY \($0) " } ?? ""
            return "SELECT seq, id FROM tasks \(hint)WHERE \(condition)\(start)"
        }
        let statement = try PreparedStatement(
            cachedBy: db, parts.joined(separator: " UNION ALL ") + " ORDER BY id DESC LIMIT ?1 OFFSET ?2")
        statement.bind(1, most)
        statement.bind(2, offset)
        if let after = query.after { statement.bind(3, after.last) }
        for (index, key) in keys.enumerated() { statement.bind(Int32(index + 4), key) }
        defer { statement.reset() }
        var found: [Place] = []
        while try statement.step(db) {
            let seq = statement.integer(0)
            guard let id = statement.taskID(1) else { throw CorruptRow(seq: seq, column: "id") }
            found.append(Place(seq: seq, id: id))
        }
        return found
    }
}
