import Dispatch
import GRDB
import XQueueCore

/// Opens the database with the settings the store's promises rest on.
enum SQLiteDatabase {
    private static let readers = 4
    /// How long a write waits for another program's lock on the file.
    private static let busyTimeout = 5.0
    private static let pageBytes = 4096

    /// - Parameters:
    ///   - path: The database file.
    ///   - maxBytes: The largest that it may grow; nil for as large as the disk allows.
    ///   - identity: Of the file at `path`; nil for a database in memory.
    static func open(
        _ path: String, maxBytes: Int?, identity: FileIdentity?
    ) throws -> any DatabaseWriter {
        var configuration = Self.configuration
        let database: any DatabaseWriter
        if let identity {
            try checkContent(path)
            configuration.prepareDatabase { _ in
                // Readers are opened when they are needed, by then perhaps another file.
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

    /// Makes all connections that read: when descriptors have run out, one that is made for a question would fail it.
    private static func openReaders(of pool: DatabasePool) {
        let began = DispatchSemaphore(value: 0)
        let allBegan = DispatchSemaphore(value: 0)
        for _ in 0..<readers {
            // Each one holds on to its connection until all have one; what fails is tried again when it is needed.
            pool.asyncRead { _ in
                began.signal()
                allBegan.wait()
            }
        }
        for _ in 0..<readers { began.wait() }
        for _ in 0..<readers { allBegan.signal() }
    }

    /// Looks into the file before anything of it is changed, which turning WAL on would do.
    ///
    /// - Throws: ``StoreError``: `corrupt` if it is a database of some other program, `newer` if it is one of a
    ///   later version.
    private static func checkContent(_ path: String) throws {
        guard FileIdentity.size(of: path) != 0 else { return }
        var configuration = Configuration()
        configuration.busyMode = .timeout(busyTimeout)
        let visitor = try DatabaseQueue(path: path, configuration: configuration)
        try visitor.read { db in
            try checkOwner(db, path)
            try Migrations.checkVersion(db, path)
        }
        try visitor.close()
    }

    /// - Throws: ``StoreError/Code/corrupt`` if the file is a database of some other program.
    private static func checkOwner(_ db: Database, _ path: String) throws {
        let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
        guard tables.isEmpty || Set(tables).isSuperset(of: ["grdb_migrations", "tasks", "types"]) else {
            throw StoreError(.corrupt, "\(path) is a database of another program")
        }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = readers
        configuration.busyMode = .timeout(busyTimeout)
        configuration.label = "xqueue"
        // If even a rollback fails, the next write says so; GRDB would end the process.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase { db in
            let isReader = db.configuration.readonly
            try db.execute(
                sql: """
                    PRAGMA temp_store = MEMORY;
                    PRAGMA mmap_size = 268435456;
                    PRAGMA cache_size = \(isReader ? -4096 : -65536);
                    """)
            if !isReader { try db.execute(sql: "PRAGMA wal_autocheckpoint = 4000") }
        }
        return configuration
    }
}

extension StoreError {
    /// What an error of the driver means, for whoever called the store.
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
        let said = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.unavailable, "\(path): the disk, or the store's size limit, is full", cause: error)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.unavailable, "\(path) is locked by another program", cause: error)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.corrupt, "\(path) is damaged or not an XQueue database: \(said)", cause: error)
        case .SQLITE_CANTOPEN:
            self.init(.unavailable, "\(path) cannot be opened: \(said)", cause: error)
        case .SQLITE_READONLY:
            self.init(.unavailable, "\(path) cannot be written to: \(said)", cause: error)
        default:
            self.init(.unavailable, "\(path): \(said)", cause: error)
        }
    }
}
