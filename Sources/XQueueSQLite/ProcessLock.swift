import Synchronization
import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Makes this process the only one that uses a store's file, until the process ends in whatever way.
///
/// SQLite's own exclusive mode would shut out this process's readers too.
final class ProcessLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// - Throws: ``StoreError/Code/inUse`` if another process holds the lock.
    init(path: String) throws(StoreError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw StoreError(.unavailable, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isTaken = errno == EWOULDBLOCK
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw isTaken
                ? StoreError(.inUse, "another process is using this store (it holds \(path))")
                : StoreError(.unavailable, "cannot lock \(path): \(reason)")
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        release()
    }

    /// Lets another process have the file. Further calls do nothing.
    func release() {
        let held = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        guard let held else { return }
        // A program that is being started may share the descriptor for a moment: closing would not do.
        flock(held, LOCK_UN)
        close(held)
    }
}
