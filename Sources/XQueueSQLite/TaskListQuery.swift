import GRDB
import XQueueCore

/// A list, with the number of tasks it matches and the SQL that lets the index that fits serve it.
struct TaskListQuery {
    /// How many tasks match.
    let total: Int
    private let query: TaskQuery
    /// Empty means all.
    private let statuses: [TaskStatus]
    /// The number of the type asked for; nil for any type.
    private let type: Int64?
    /// True if fewer tasks are of the type than in the statuses asked for.
    private let isTypeRarer: Bool

    /// Nil if there is no task of the type asked for.
    init?(_ query: TaskQuery, _ db: Database) throws {
        let all = TaskStatus.allCases
        let statuses = query.statuses.count == all.count ? [] : all.filter(query.statuses.contains)
        let rows = try Row.fetchAll(db, sql: "SELECT * FROM types")
        let states = try rows.map { try TypeState($0) }
        func count(_ counts: StatusCounts) -> Int {
            statuses.isEmpty ? counts.total : statuses.reduce(0) { $0 + counts[$1] }
        }
        let inAll = states.reduce(0) { $0 + count($1.counts) }
        self.query = query
        self.statuses = statuses
        if let name = query.type {
            guard let index = states.firstIndex(where: { $0.type == name }) else { return nil }
            type = rows[index]["id"]
            isTypeRarer = states[index].counts.total < inAll
            total = try Self.total(query, statuses, type, db) ?? count(states[index].counts)
        } else {
            type = nil
            isTypeRarer = false
            total = try Self.total(query, statuses, nil, db) ?? inAll
        }
    }

    /// The tasks of a key have to be counted; nil if the list is not about a key.
    private static func total(
        _ query: TaskQuery, _ statuses: [TaskStatus], _ type: Int64?, _ db: Database
    ) throws -> Int? {
        guard let key = query.concurrencyKey else { return nil }
        return try Int.fetchOne(
            db,
            sql: """
                SELECT count(*) FROM tasks INDEXED BY tasks_key_history
                WHERE key = ? AND \(conditions(statuses, type))
                """, arguments: [key])
    }

    /// One ordered scan: of the key's history, of the type, of each status, or of everything.
    func sql(columns: String) -> String {
        "SELECT \(columns) FROM tasks JOIN (\(page)) AS page USING (seq) ORDER BY tasks.id DESC"
    }

    private var page: String {
        let end = "ORDER BY id DESC LIMIT ?1 OFFSET ?2"
        func scan(_ index: String?, _ condition: String) -> String {
            let hint = index.map { "INDEXED BY \($0) " } ?? ""
            return "SELECT seq, id FROM tasks \(hint)WHERE \(condition)"
        }
        if query.concurrencyKey != nil {
            return scan("tasks_key_history", "key = ?3 AND " + Self.conditions(statuses, type)) + " " + end
        }
        if type != nil, statuses.isEmpty || isTypeRarer {
            return scan("tasks_type", Self.conditions(statuses, type)) + " " + end
        }
        guard !statuses.isEmpty else { return scan(nil, "TRUE") + " " + end }
        let scans = statuses.map { scan("tasks_status", Self.conditions([$0], type)) }
        return scans.joined(separator: " UNION ALL ") + " " + end
    }

    func bind(_ statement: PreparedStatement) {
        statement.bind(1, query.limit)
        statement.bind(2, query.offset)
        if let key = query.concurrencyKey { statement.bind(3, key) }
    }

    private static func conditions(_ statuses: [TaskStatus], _ type: Int64?) -> String {
        var parts: [String] = []
        if statuses.count == 1 {
            parts.append("status = \(statuses[0].code)")
        } else if !statuses.isEmpty {
            parts.append("status IN (\(statuses.map { String($0.code) }.joined(separator: ", ")))")
        }
        if let type { parts.append("type = \(type)") }
        return parts.isEmpty ? "TRUE" : parts.joined(separator: " AND ")
    }
}
