import GRDB
import XQueueCore

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
