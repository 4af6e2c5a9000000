import GRDB
import XQueueCore

/// Statistics of the concurrency keys in use.
enum KeyStatistics {
    private static let listed = 100
    /// Waiting tasks of a key are counted up to this number.
    private static let waitingCounted = 10_000

    static func busiest(_ db: Database) throws -> [KeyState] {
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT key, count(*) AS held, max(key_limit) AS most FROM tasks INDEXED BY tasks_status
                WHERE status = 1 AND key IS NOT NULL GROUP BY key ORDER BY held DESC, key LIMIT ?
                """, arguments: [listed])
        return try rows.map { row in
            let key: String = row["key"]
            return KeyState(
                key: key, held: row["held"], limit: row["most"], waiting: try waiting(key, db))
        }
    }

    static func inUse(_ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT count(DISTINCT key) FROM tasks INDEXED BY tasks_status
                WHERE status = 1 AND key IS NOT NULL
                """) ?? 0
    }

    private static func waiting(_ key: String, _ db: Database) throws -> Int {
        try Int.fetchOne(
            db,
            sql: """
                SELECT count(*) FROM
                    (SELECT 1 FROM tasks INDEXED BY tasks_parked
                        WHERE key = ? AND status = 0 AND reason = 2 LIMIT ?)
                """, arguments: [key, waitingCounted]) ?? 0
    }
}
