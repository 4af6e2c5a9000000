import GRDB
import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Saves a store's contents when one of its files is lost: everything that was accepted can still be read
/// through the descriptors that SQLite has open.
struct StoreRescue {
    enum Outcome: Sendable {
        /// Everything is in the database file, which still exists: the next start finds it.
        case inDatabase(String)
        /// The database file has no name any more; a copy has everything.
        case inCopy(String)
        case failed(String)

        var isSaved: Bool {
            if case .failed = self { false } else { true }
        }

        /// What the operator should do.
        var advice: String {
            switch self {
            case .inDatabase(let path): "all accepted tasks are in \(path); restart to continue"
            case .inCopy(let path): "all accepted tasks are in \(path); move it into place and restart"
            case .failed(let reason): "its contents could not be saved: \(reason)"
            }
        }
    }

    let watch: FileWatch

    /// Must be called outside of transactions.
    func run(_ db: Database) -> Outcome {
        if let place = watch.lock.currentPath, watch.isOurs(at: place), checkpoint(db) {
            return .inDatabase(place)
        }
        return copy(db)
    }

    /// Moves the whole WAL into the database; returns whether that is complete and on disk.
    private func checkpoint(_ db: Database) -> Bool {
        // A reader of an old snapshot blocks the passive checkpoint.
        for kind in [Database.CheckpointMode.passive, .full] {
            if let counts = try? db.checkpoint(kind),
                counts.walFrameCount == counts.checkpointedFrameCount
            {
                return true
            }
        }
        return false
    }

    private func copy(_ db: Database) -> Outcome {
        let time = SystemQueueClock().now().rfc3339.filter { $0 != ":" && $0 != "-" }
        let path = "\(watch.lock.path).saved-\(time)"
        // SQLite would create a file that others can read.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            return .failed("cannot create \(path): \(String(cString: strerror(errno)))")
        }
        close(descriptor)
        do {
            try db.execute(sql: "VACUUM INTO ?", arguments: [path])
            return .inCopy(path)
        } catch {
            unlink(path)
            return .failed(StoreError(driver: error, path: path).message)
        }
    }
}
