import Synchronization
import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Makes this process the only user of a store's file, with only one store per file, until the process ends in
/// whatever way.
///
/// Two locks, because a file may have several names. The one on `PATH.lock` protects the name, even while the
/// file is missing. The one on the database file protects the file, under whichever hard link it is opened.
///
/// SQLite's own locks on that file are POSIX record locks, which a process loses as soon as it closes *any*
/// descriptor of the file. So the descriptor here is closed after SQLite's, never before, and a file in use in
/// this process is recognized without opening it. The lock is an open file description (OFD) lock, which
/// closing other descriptors does not release, on a byte that SQLite does not use: `flock` would work on most
/// file systems, but NFS and Darwin make it conflict with SQLite's locks. SQLite's own exclusive mode would
/// lock out this process's readers, too.
final class ProcessLock: Sendable {
    /// The database's path, free of symbolic links.
    let path: String
    /// The database file.
    let identity: FileIdentity

    private struct Descriptors {
        let name: Int32
        let file: Int32
    }

    private let held: Mutex<Descriptors?>
    /// The database files in use in this process.
    private static let inUse = Mutex<Set<FileIdentity>>([])

    /// Creates the database file if there is none, readable by this user alone.
    ///
    /// - Parameter path: The database file's path, without symbolic links.
    /// - Throws: ``StoreError/Code/inUse`` if another process, or another store in this process, has the file.
    init(path: String) throws(StoreError) {
        self.path = path
        let (descriptors, identity) = try Self.inUse.withLock { inUse throws(StoreError) in
            if let identity = FileIdentity(path: path), inUse.contains(identity) {
                throw StoreError(.inUse, "another store of this process is using \(path)")
            }
            let taken = try Self.take(path)
            inUse.insert(taken.1)
            return taken
        }
        held = Mutex(descriptors)
        self.identity = identity
    }

    deinit {
        release()
    }

    /// The database file's current path, if the system can tell and it still has a name.
    var currentPath: String? {
        if FileIdentity(path: path) == identity { return path }
        return held.withLock { $0 }.flatMap { FileIdentity.path(ofDescriptor: $0.file) }
    }

    /// Releases the file for other processes. Further calls do nothing.
    ///
    /// - Parameter closing: False if SQLite may still have the file open: then the descriptor stays open until
    ///   the process ends.
    func release(closing: Bool = true) {
        let descriptors = held.withLock { held in
            defer { held = nil }
            return held
        }
        guard let descriptors else { return }
        // A program that is just being started may share the descriptors briefly, so closing alone would not
        // unlock.
        var range = Self.lockedRange(F_UNLCK)
        _ = fcntl(descriptors.file, Self.setLock, &range)
        flock(descriptors.name, LOCK_UN)
        close(descriptors.name)
        guard closing else { return }
        close(descriptors.file)
        Self.inUse.withLock { _ = $0.remove(identity) }
    }

    // MARK: - Acquiring

    private static func take(_ path: String) throws(StoreError) -> (Descriptors, FileIdentity) {
        let name = try open(path + ".lock")
        do throws(StoreError) {
            guard flock(name, LOCK_EX | LOCK_NB) == 0 else {
                throw rejection(path + ".lock", isTaken: errno == EWOULDBLOCK)
            }
            let file = try open(path)
            do throws(StoreError) {
                try lock(file, path)
                guard let identity = FileIdentity(descriptor: file), identity == FileIdentity(path: path)
                else { throw StoreError(.unavailable, "\(path) was replaced while it was being opened") }
                return (Descriptors(name: name, file: file), identity)
            } catch {
                close(file)
                throw error
            }
        } catch {
            close(name)
            throw error
        }
    }

    private static func open(_ path: String) throws(StoreError) -> Int32 {
        // Qualified because of this function's own name.
        #if canImport(Darwin)
        let descriptor = Darwin.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #elseif canImport(Glibc)
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #elseif canImport(Musl)
        let descriptor = Musl.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #endif
        guard descriptor >= 0 else {
            throw StoreError(.unavailable, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    private static func lock(_ descriptor: Int32, _ path: String) throws(StoreError) {
        var range = lockedRange(F_WRLCK)
        guard fcntl(descriptor, setLock, &range) != 0 else { return }
        switch errno {
        case EAGAIN, EACCES: throw rejection(path, isTaken: true)
        // No such locks on this system; the other lock still protects the name.
        case EINVAL: return
        default: throw rejection(path, isTaken: false)
        }
    }

    private static func rejection(_ path: String, isTaken: Bool) -> StoreError {
        let reason = String(cString: strerror(errno))
        return isTaken
            ? StoreError(.inUse, "another process is using this store (it holds \(path))")
            : StoreError(.unavailable, "cannot lock \(path): \(reason)")
    }

    /// One byte beyond any page of a database, and beyond the bytes SQLite locks.
    private static func lockedRange(_ kind: some BinaryInteger) -> flock {
        var range = flock()
        range.l_type = Int16(kind)
        range.l_whence = Int16(SEEK_SET)
        range.l_start = 1 << 62
        range.l_len = 1
        return range
    }

    /// `F_OFD_SETLK`, which Swift does not import from the headers.
    private static var setLock: Int32 {
        #if canImport(Darwin)
        90
        #else
        37
        #endif
    }
}
