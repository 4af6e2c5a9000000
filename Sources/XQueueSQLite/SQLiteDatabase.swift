import Dispatch
import GRDB
import XQueueCore

/// Opens the database with the settings that the store's guarantees depend on.
enum SQLiteDatabase {
    private static let readers = 4
    /// How long a write waits for another program's lock on the file.
    private static let busyTimeout = 5.0
    private static let pageBytes = 4096

    /// - Parameters:
    ///   - path: The database file.
    ///   - maxBytes: Maximum size of the file; nil for no limit but the disk.
    ///   - identity: The identity of the file at `path`; nil for a database in memory.
    static func open(
        _ path: String, maxBytes: Int?, identity: FileIdentity?
    ) throws -> any DatabaseWriter {
        var configuration = Self.configuration
        let database: any DatabaseWriter
        if let identity {
            try checkContent(path)
            configuration.prepareDatabase { _ in
                // Readers are opened on demand, when the path may lead to another file.
                guard FileIdentity(path: path) == identity else {
                    throw StoreError(.unavailable, "\(path) was removed or replaced while it was in use")
                }
            }
            database = try DatabasePool(path: path, configuration: configuration)
        } else {
            database = try DatabaseQueue(configuration: configuration)
        }
        try database.writeWithoutTransaction { db in
            // GRDB sets NORMAL when it turns WAL on, after `prepareDatabase`.
            try db.execute(sql: "PRAGMA synchronous = FULL")
            let level = try Int.fetchOne(db, sql: "PRAGMA synchronous")
            guard level == 2 else {
                throw StoreError(.unavailable, "\(path): synchronous=FULL could not be set")
            }
            if let maxBytes {
                try db.execute(sql: "PRAGMA max_page_count = \(max(maxBytes / pageBytes, 1))")
            }
        }
        try Migrations.migrator.migrate(database)
        if let pool = database as? DatabasePool { openReaders(of: pool) }
        return database
    }

    /// Opens all readers up front: opening one on demand would fail the query if descriptors had run out.
    private static func openReaders(of pool: DatabasePool) {
        let began = DispatchSemaphore(value: 0)
        let allBegan = DispatchSemaphore(value: 0)
        for _ in 0..<readers {
            // Each one keeps its connection until all have one. Failures are ignored; GRDB retries on demand.
            pool.asyncRead { _ in
                began.signal()
                allBegan.wait()
            }
        }
        for _ in 0..<readers { began.wait() }
        for _ in 0..<readers { allBegan.signal() }
    }

    /// Inspects the file before changing it, as turning on WAL would.
    ///
    /// - Throws: ``StoreError``: `corrupt` if it is another program's database, `newer` if it is from a newer
    ///   version.
    private static func checkContent(_ path: String) throws {
        guard FileIdentity.size(of: path) != 0 else { return }
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        let probe = try DatabaseQueue(path: path, configuration: configuration)
        try probe.read { db in
            try checkOwner(db, path)
            try Migrations.checkVersion(db, path)
        }
        try probe.close()
    }

    /// - Throws: ``StoreError/Code/corrupt`` if the file is another program's database.
    private static func checkOwner(_ db: Database, _ path: String) throws {
        let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        guard tables.isEmpty || Set(tables).isSuperset(of: ["grdb_migrations", "tasks", "types"]) else {
            throw StoreError(.corrupt, "\(path) is another program's database")
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = readers
        configuration.busyMode = .timeout(busyTimeout)
        configuration.label = "xqueue"
        // If even a rollback fails, the next write reports it; GRDB would crash the process.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            let isReader = db.configuration.readonly
            // A mapped file would count once per connection in the resident size.
            try db.execute(
                sql: """
                    PRAGMA temp_store = MEMORY;
                    PRAGMA mmap_size = 0;
                    PRAGMA cache_size = \(isReader ? -4096 : -16384);
                    """)
            if !isReader { try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000") }
        }
        return configuration
    }
}

extension StoreError {
    /// Converts a driver's error for the store's caller.
    init(driver error: any Error, path: String) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            self.init(database: error, path: path)
        case let error as CorruptRow:
            self.init(.corrupt, "\(path): \(error)", cause: error)
        default:
            self.init(.unavailable, "\(path): \(error)", cause: error)
        }
    }

    private init(database error: DatabaseError, path: String) {
        let message = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.unavailable, "\(path): disk full or store size limit reached", cause: error)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.unavailable, "\(path) is locked by another program", cause: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.corrupt, "\(path) is damaged or not an XQueue database: \(message)", cause: error)
        case .SQLITE_CANTOPEN:
            self.init(.unavailable, "\(path) cannot be opened: \(message)", cause: error)
        case .SQLITE_READONLY:
            self.init(.unavailable, "\(path) cannot be written to: \(message)", cause: error)
        default:
            self.init(.unavailable, "\(path): \(message)", cause: error)
        }
    }
}
