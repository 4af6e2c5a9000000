import GRDBSQLite
import XQueueCore

/// A minimal wrapper around SQLite's C API.
final class BareSQLite {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let handle: OpaquePointer
    private var statements: [Statement] = []

    init(_ path: String) throws {
        var handle: OpaquePointer?
        guard sqlite3_open(path, &handle) == SQLITE_OK, let handle else {
            throw Failure(description: "cannot open \(path)")
        }
        self.handle = handle
        // The same pragmas as the store's.
        try execute(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
            PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -16384;
            """)
    }

    func close() {
        for statement in statements { statement.finalize() }
        sqlite3_close(handle)
    }

    func execute(_ sql: String) throws {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
    }

    func prepare(_ sql: String) throws -> Statement {
        var prepared: OpaquePointer?
        guard sqlite3_prepare_v2(handle, sql, -1, &prepared, nil) == SQLITE_OK, let prepared else {
            throw failure
        }
        let statement = Statement(handle: prepared)
        statements.append(statement)
        return statement
    }

    /// Performs `total` operations in transactions of `size`.
    func inBatches(_ total: Int, of size: Int, _ body: (Int) throws -> Void) throws {
        var done = 0
        while done < total {
            let count = min(size, total - done)
            try execute("BEGIN IMMEDIATE")
            try body(count)
            try execute("COMMIT")
            done += count
        }
    }

    private var failure: Failure { Failure(description: String(cString: sqlite3_errmsg(handle))) }

    struct Statement {
        fileprivate let handle: OpaquePointer

        func bind(_ index: Int32, _ value: Int64) {
            sqlite3_bind_int64(handle, index, value)
        }

        func bind(_ index: Int32, _ value: String) {
            sqlite3_bind_text(handle, index, value, -1, Self.transient)
        }

        func bind(_ index: Int32, _ value: TaskID) {
            let words = [value.high.bigEndian, value.low.bigEndian]
            sqlite3_bind_blob(handle, index, words, 16, Self.transient)
        }

        func step() throws -> Bool {
            switch sqlite3_step(handle) {
            case SQLITE_ROW: return true
            case SQLITE_DONE: return false
            case let code: throw Failure(description: "SQLite error \(code)")
            }
        }

        func run() throws {
            _ = try step()
            sqlite3_reset(handle)
        }

        func reset() {
            sqlite3_reset(handle)
        }

        /// Reads every column, as a worker would, and returns the first.
        func readRow() -> Int64 {
            for column in 1..<sqlite3_column_count(handle) {
                if sqlite3_column_type(handle, column) == SQLITE_TEXT {
                    _ = sqlite3_column_text(handle, column)
                } else {
                    _ = sqlite3_column_int64(handle, column)
                }
            }
            return sqlite3_column_int64(handle, 0)
        }

        func finalize() {
            sqlite3_finalize(handle)
        }

        private static var transient: sqlite3_destructor_type {
            unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        }
    }
}
