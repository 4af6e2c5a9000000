import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The file descriptors of this process: the limit, and how many can still be opened.
///
/// Parts of a server crash, or worse, when no descriptor is left. So code that opens descriptors on behalf of
/// clients or attempts checks here first, and leaves some to what matters more.
package enum OpenFiles {
    /// Number of descriptors checked per system call.
    private static let chunk = 256
    /// Maximum number of descriptors that ``atStart`` counts.
    private static let most = 4096

    /// Maximum number of open descriptors; nil if the system does not report it.
    package static var limit: Int? {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the soft limit to the hard limit: every event subscriber is a connection.
    package static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        #if canImport(Darwin)
        // Darwin rejects more.
        limit.rlim_cur = min(limit.rlim_max, rlim_t(OPEN_MAX))
        #endif
        _ = setrlimit(resource, &limit)
    }

    /// Whether `count` more descriptors can be opened now.
    package static func hasRoom(for count: Int) -> Bool {
        free(upTo: count) >= count
    }

    /// Returns how many descriptors are free, counting up to `most`.
    package static func free(upTo most: Int) -> Int {
        guard most > 0 else { return 0 }
        guard let limit else { return most }
        var end = min(limit, Int(Int32.max))
        var free = 0
        // The system assigns the lowest free number, so the highest ones are taken last.
        while end > 0, free < most {
            let start = max(end - max(min(most, chunk), 1), 0)
            var entries = (start..<end).map { pollfd(fd: Int32($0), events: 0, revents: 0) }
            // Descriptors that are not open are reported immediately.
            guard poll(&entries, numericCast(entries.count), 0) >= 0 else { return free }
            free += entries.count { $0.revents & Int16(POLLNVAL) != 0 }
            end = start
        }
        return min(free, most)
    }

    // MARK: - Reservations

    /// Descriptors needed to start a program: three pipes, its folder, and the process itself. The four on our side
    /// stay open while it runs.
    package static let perProgram = 8

    /// Descriptors that were free once the process had opened its own, which is when this is first read.
    package static let atStart = free(upTo: most)

    /// Kept for the store, for reconnecting, and for reading files.
    private static let keptForStore = min(atStart / 8, 32)
    /// Client connections that attempts always leave room for.
    private static let fewClients = min(atStart / 4, 32)
    /// Kept for attempts once there are more clients than that.
    private static let keptForAttempts = min(atStart / 4, 256)
    /// Open client connections.
    private static let clients = Atomic(0)
    /// Descriptors that attempts have been allowed to open but have not opened yet.
    private static let reserved = Atomic(0)

    /// Whether handlers may open `count` more descriptors.
    package static func hasRoom(forAttempts count: Int) -> Bool {
        let few = max(fewClients - clients.load(ordering: .relaxed), 0)
        return hasRoom(for: count + keptForStore + few)
    }

    /// Whether clients may open `count` more connections.
    package static func hasRoom(forClients count: Int) -> Bool {
        let isMore = clients.load(ordering: .relaxed) + count > fewClients
        let others = reserved.load(ordering: .relaxed) + keptForStore
        return hasRoom(for: count + others + (isMore ? keptForAttempts : 0))
    }

    /// Records that an attempt may open `count` descriptors; a negative number releases them.
    package static func reserve(_ count: Int) { reserved.add(count, ordering: .relaxed) }

    package static func clientConnected() { clients.add(1, ordering: .relaxed) }

    package static func clientLeft() { clients.subtract(1, ordering: .relaxed) }

    #if canImport(Glibc)
    private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
    private static var resource: Int32 { RLIMIT_NOFILE }
    #endif
}
