import GRDB
import XQueueCore

/// Writes the SQL for a list so that the index that fits the filters serves it.
struct TaskListQuery {
    private let query: TaskQuery
    private let statuses: [TaskStatus]

    init(_ query: TaskQuery) {
        self.query = query
        let all = TaskStatus.allCases
        statuses = query.statuses.count == all.count ? [] : all.filter(query.statuses.contains)
    }

    /// The number of the type asked for, 0 for any type, nil for a type there is no task of.
    func typeID(_ db: Database) throws -> Int64? {
        guard let type = query.type else { return 0 }
        return try Int64.fetchOne(db, sql: "SELECT id FROM types WHERE name = ?", arguments: [type])
    }

    /// How many tasks match: from the counts where they suffice, or counted over the key's index.
    func total(_ db: Database, _ type: Int64) throws -> Int {
        guard let key = query.concurrencyKey else {
            let row = try Row.fetchAll(
                db, sql: "SELECT * FROM types WHERE ?1 = 0 OR id = ?1", arguments: [type])
            let counts = row.reduce(StatusCounts()) { $0 + TypeState($1).counts }
            return statuses.isEmpty ? counts.total : statuses.reduce(0) { $0 + counts[$1] }
        }
        return try Int.fetchOne(
            db, sql: "SELECT count(*) FROM tasks WHERE key = ?1 AND \(conditions(statuses, type))",
            arguments: [key]) ?? 0
    }

    /// One ordered scan: of the key's history, of each status, of the type, or of everything.
    func sql(columns: String, _ type: Int64) -> String {
        let source: String
        if query.concurrencyKey != nil {
            source = """
                SELECT seq, id FROM tasks INDEXED BY tasks_key_history
                WHERE key = ?3 AND \(conditions(statuses, type)) ORDER BY id DESC LIMIT ?1 OFFSET ?2
                """
        } else if statuses.isEmpty {
            source = """
                SELECT seq, id FROM tasks \(type == 0 ? "" : "INDEXED BY tasks_type")
                WHERE \(conditions([], type)) ORDER BY id DESC LIMIT ?1 OFFSET ?2
                """
        } else {
            let scans = statuses.map { status in
                "SELECT seq, id FROM tasks INDEXED BY tasks_status WHERE \(conditions([status], type))"
            }
            source = scans.joined(separator: " UNION ALL ") + " ORDER BY id DESC LIMIT ?1 OFFSET ?2"
        }
        return """
            SELECT \(columns) FROM tasks JOIN (\(source)) AS page USING (seq) ORDER BY tasks.id DESC
            """
    }

    func bind(_ statement: PreparedStatement, _ type: Int64) {
        statement.bind(1, query.limit)
        statement.bind(2, query.offset)
        if let key = query.concurrencyKey { statement.bind(3, key) }
    }

    private func conditions(_ statuses: [TaskStatus], _ type: Int64) -> String {
        var parts: [String] = []
        if statuses.count == 1 {
            parts.append("status = \(statuses[0].code)")
        } else if !statuses.isEmpty {
            parts.append("status IN (\(statuses.map { String($0.code) }.joined(separator: ", ")))")
        }
        if type != 0 { parts.append("type = \(type)") }
        return parts.isEmpty ? "TRUE" : parts.joined(separator: " AND ")
    }
}
