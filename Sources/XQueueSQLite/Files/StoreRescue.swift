import GRDB
import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Saves what a store holds when one of its files is gone: through the descriptors that SQLite still has open,
/// everything that was accepted can be read.
struct StoreRescue {
    enum Outcome: Sendable {
        /// All of it is in the database file, which is there: the next start finds it.
        case inDatabase(String)
        /// The database file has no name any more; a copy has all of it.
        case inCopy(String)
        case failed(String)

        var isSaved: Bool {
            if case .failed = self { false } else { true }
        }

        /// For whoever must do something about it.
        var advice: String {
            switch self {
            case .inDatabase(let path): "all accepted tasks are in \(path); restart to go on"
            case .inCopy(let path): "all accepted tasks are in \(path); put it in place and restart"
            case .failed(let reason): "what it held could not be saved: \(reason)"
            }
        }
    }

    let watch: FileWatch

    /// To be called outside of transactions.
    func run(_ db: Database) -> Outcome {
        if let place = watch.lock.currentPath, watch.isOurs(at: place), checkpoint(db) {
            return .inDatabase(place)
        }
        return copy(db)
    }

    /// Brings all of the WAL into the database; answers whether that is done, and on the disk.
    private func checkpoint(_ db: Database) -> Bool {
        // A reader that looks at an old state holds the first of them up.
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
        // SQLite would let others read it.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            return .failed("cannot make \(path): \(String(cString: strerror(errno)))")
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
