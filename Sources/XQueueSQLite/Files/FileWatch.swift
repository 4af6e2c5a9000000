import Synchronization
import XQueueCore

/// Watches the files of a store: the database, its WAL and the WAL index.
///
/// SQLite silently keeps working on files that have lost their names, and whatever it writes there is lost with
/// the process. Once one of them is missing, the store accepts no more writes.
final class FileWatch: Sendable {
    /// A file that is missing or replaced.
    struct Loss: Sendable, CustomStringConvertible {
        let path: String
        /// Whether another file has its place.
        let isReplaced: Bool

        var description: String { "\(path) was \(isReplaced ? "replaced" : "removed") while it was in use" }
    }

    private struct State {
        var files: [(path: String, identity: FileIdentity)]
        var rejection: StoreError?
    }

    let lock: ProcessLock
    private let state: Mutex<State>

    init(_ lock: ProcessLock) {
        self.lock = lock
        state = Mutex(State(files: [(lock.path, lock.identity)]))
    }

    /// Records the files that SQLite creates when first used.
    func recordFiles() {
        state.withLock { state in
            for path in [Self.log(of: lock.path), Self.index(of: lock.path)] {
                guard let identity = FileIdentity(path: path) else { continue }
                state.files.append((path, identity))
            }
        }
    }

    /// Why writes are rejected; nil as long as no loss has been noticed.
    var rejection: StoreError? { state.withLock { $0.rejection } }

    /// Rejects all further writes.
    func reject(_ error: StoreError) {
        state.withLock { $0.rejection = error }
    }

    /// The first file that is missing or replaced.
    func findLoss() -> Loss? {
        let files = state.withLock { $0.files }
        for (path, identity) in files {
            let found = FileIdentity(path: path)
            if found != identity { return Loss(path: path, isReplaced: found != nil) }
        }
        return nil
    }

    /// Whether the database at `place` can be brought up to date from the open WAL: no other process can have
    /// written to it through another WAL or index.
    func isOurs(at place: String) -> Bool {
        let known = state.withLock { state in
            Dictionary(state.files.map { ($0.path, $0.identity) }) { first, _ in first }
        }
        if let log = FileIdentity(path: Self.log(of: place)), log == known[Self.log(of: lock.path)] {
            // A process that created another index for our WAL may have written to that.
            let index = FileIdentity(path: Self.index(of: place))
            return index == nil || index == known[Self.index(of: lock.path)]
        }
        return (FileIdentity.size(of: Self.log(of: place)) ?? 0) == 0
    }

    private static func log(of path: String) -> String { path + "-wal" }
    private static func index(of path: String) -> String { path + "-shm" }
}
