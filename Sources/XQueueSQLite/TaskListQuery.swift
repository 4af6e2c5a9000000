import GRDB
import XQueueCore

/// A list, with the number of tasks it matches and the SQL that lets the index that fits serve it.
struct TaskListQuery {
    /// How many tasks match.
    let total: Int
    private let query: TaskQuery
    /// Empty means all.
    private let statuses: [TaskStatus]
    /// The numbers of the types asked for, in order; empty for any type.
    private let types: [Int64]
    /// True if fewer tasks are of the types than in the statuses asked for.
    private let isTypeRarer: Bool

    /// The most scans one statement puts together: SQLite takes 500.
    private static let mostScans = 400

    /// Nil if there is no task of the types asked for.
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
        if query.types.isEmpty {
            types = []
            isTypeRarer = false
            total = try Self.total(query, statuses, [], db) ?? inAll
        } else {
            let wanted = states.indices.filter { query.types.contains(states[$0].type) }
            guard !wanted.isEmpty else { return nil }
            types = wanted.map { rows[$0]["id"] as Int64 }.sorted()
            isTypeRarer = wanted.reduce(0) { $0 + states[$1].counts.total } < inAll
            total =
                try Self.total(query, statuses, types, db)
                ?? wanted.reduce(0) { $0 + count(states[$1].counts) }
        }
    }

    /// The tasks of a key have to be counted; nil if the list is not about a key.
    private static func total(
        _ query: TaskQuery, _ statuses: [TaskStatus], _ types: [Int64], _ db: Database
    ) throws -> Int? {
        guard let key = query.concurrencyKey else { return nil }
        return try Int.fetchOne(
            db,
            sql: """
                SELECT count(*) FROM tasks INDEXED BY tasks_key_history
                WHERE key = ? AND \(conditions(statuses, types))
                """, arguments: [key])
    }

    /// Finds the rows of the page, and nothing else of them, newest first.
    ///
    /// One ordered scan: of the key's history, of each type, of each status, or of everything.
    var sql: String {
        let end = "ORDER BY id DESC LIMIT ?1 OFFSET ?2"
        func scan(_ index: String?, _ condition: String) -> String {
            let hint = index.map { "INDEXED BY \($0) " } ?? ""
            return "SELECT seq, id FROM tasks \(hint)WHERE \(condition)"
        }
        if query.concurrencyKey != nil {
            return scan("tasks_key_history", "key = ?3 AND " + Self.conditions(statuses, types)) + " " + end
        }
        if !types.isEmpty, types.count <= Self.mostScans, statuses.isEmpty || isTypeRarer {
            let scans = types.map { scan("tasks_type", Self.conditions(statuses, [$0])) }
            return scans.joined(separator: " UNION ALL ") + " " + end
        }
        guard !statuses.isEmpty else { return scan(nil, Self.conditions([], types)) + " " + end }
        let scans = statuses.map { scan("tasks_status", Self.conditions([$0], types)) }
        return scans.joined(separator: " UNION ALL ") + " " + end
    }

    func bind(_ statement: PreparedStatement) {
        statement.bind(1, query.limit)
        statement.bind(2, query.offset)
        if let key = query.concurrencyKey { statement.bind(3, key) }
    }

    private static func conditions(_ statuses: [TaskStatus], _ types: [Int64]) -> String {
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
}
