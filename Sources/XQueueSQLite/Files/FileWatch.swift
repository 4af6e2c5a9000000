import Synchronization
import XQueueCore

/// Watches the files that a store is made of: the database, its WAL and the index of the WAL.
///
/// SQLite works on with files that have lost their names, and says nothing; what it is given then ends with the
/// process. Once one of them is missed, the store takes no more writes.
final class FileWatch: Sendable {
    /// A file that is not where it was.
    struct Loss: Sendable, CustomStringConvertible {
        let path: String
        /// Another file has its place.
        let isReplaced: Bool

        var description: String { "\(path) was \(isReplaced ? "replaced" : "removed") while it was in use" }
    }

    private struct State {
        var files: [(path: String, identity: FileIdentity)]
        var refusal: StoreError?
    }

    let lock: ProcessLock
    private let state: Mutex<State>

    init(_ lock: ProcessLock) {
        self.lock = lock
        state = Mutex(State(files: [(lock.path, lock.identity)]))
    }

    /// Takes notice of the files that SQLite makes when it is first used.
    func learn() {
        state.withLock { state in
            for path in [Self.log(of: lock.path), Self.index(of: lock.path)] {
                guard let identity = FileIdentity(path: path) else { continue }
                state.files.append((path, identity))
            }
        }
    }

    /// Why nothing is written any more; nil while all is well, or nobody has noticed.
    var refusal: StoreError? { state.withLock { $0.refusal } }

    /// Has all further writes refused.
    func refuse(_ error: StoreError) {
        state.withLock { $0.refusal = error }
    }

    /// The first file that is not where it was.
    func look() -> Loss? {
        let files = state.withLock { $0.files }
        for (path, identity) in files {
            let found = FileIdentity(path: path)
            if found != identity { return Loss(path: path, isReplaced: found != nil) }
        }
        return nil
    }

    /// Whether the database at `place` can be brought up to date from the WAL that is open: nobody else can
    /// have written to it through a WAL or an index that stand where ours should.
    func isOurs(at place: String) -> Bool {
        let known = state.withLock { state in
            Dictionary(state.files.map { ($0.path, $0.identity) }) { first, _ in first }
        }
        if let log = FileIdentity(path: Self.log(of: place)), log == known[Self.log(of: lock.path)] {
            // Whoever made another index for our WAL may have written to that.
            let index = FileIdentity(path: Self.index(of: place))
            return index == nil || index == known[Self.index(of: lock.path)]
        }
        return (FileIdentity.size(of: Self.log(of: place)) ?? 0) == 0
    }

    private static func log(of path: String) -> String { path + "-wal" }
    private static func index(of path: String) -> String { path + "-shm" }
}
