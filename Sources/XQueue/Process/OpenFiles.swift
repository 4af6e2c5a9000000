import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The file descriptors of this process: how many it may have open, and how many more it can open now.
///
/// Much of what a server is made of ends the process, or worse, when it wants a descriptor and there is none.
/// So whoever takes descriptors on behalf of others looks here first, and leaves some to those that matter more.
package enum OpenFiles {
    /// How many look-ups one question of the system's covers.
    private static let chunk = 256
    /// The most descriptors that ``atStart`` counts.
    private static let most = 4096

    /// The most descriptors at once; nil if the system does not say.
    package static var limit: Int? {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    /// Raises the limit as far as the system allows without asking: every subscriber to events is a connection.
    package static func raiseLimit() {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        #if canImport(Darwin)
        // More is refused there.
        limit.rlim_cur = min(limit.rlim_max, rlim_t(OPEN_MAX))
        #endif
        _ = setrlimit(resource, &limit)
    }

    /// Whether `count` more descriptors can be opened now.
    package static func hasRoom(for count: Int) -> Bool {
        free(upTo: count) >= count
    }

    /// How many descriptors are free, counted as far as `most`.
    package static func free(upTo most: Int) -> Int {
        guard most > 0 else { return 0 }
        guard let limit else { return most }
        var end = min(limit, Int(Int32.max))
        var free = 0
        // The system hands out the lowest number that is free, so the highest ones are the last to be taken.
        while end > 0, free < most {
            let start = max(end - max(min(most, chunk), 1), 0)
            var entries = (start..<end).map { pollfd(fd: Int32($0), events: 0, revents: 0) }
            // A descriptor that is not open is reported as such, at once.
            guard poll(&entries, numericCast(entries.count), 0) >= 0 else { return free }
            free += entries.count { $0.revents & Int16(POLLNVAL) != 0 }
            end = start
        }
        return min(free, most)
    }

    // MARK: - Who may open more

    /// The descriptors it takes to start a program: three pipes, its folder, and the process itself. The four on our
    /// side stay open while it runs.
    package static let ofOneProgram = 8

    /// The descriptors that were free when the process had opened what it runs on, which is when this is first
    /// looked at.
    package static let atStart = free(upTo: most)

    /// What clients and attempts leave to the store, to connections that must be made again, and to files that are
    /// read.
    private static let reserve = min(atStart / 8, 32)
    /// As many connections attempts leave room for, whatever they need themselves.
    private static let fewClients = min(atStart / 4, 32)
    /// What clients leave to attempts, once there are more than those few.
    private static let keptForAttempts = min(atStart / 4, 256)
    /// Connections of clients that are open.
    private static let clients = Atomic(0)
    /// What attempts have been allowed to open, and have not opened yet.
    private static let promised = Atomic(0)

    /// Whether handlers may open `count` more descriptors.
    package static func hasRoom(forAttempts count: Int) -> Bool {
        let few = max(fewClients - clients.load(ordering: .relaxed), 0)
        return hasRoom(for: count + reserve + few)
    }

    /// Whether clients may open `count` more connections.
    package static func hasRoom(forClients count: Int) -> Bool {
        let isMore = clients.load(ordering: .relaxed) + count > fewClients
        let others = promised.load(ordering: .relaxed) + reserve
        return hasRoom(for: count + others + (isMore ? keptForAttempts : 0))
    }

    /// An attempt has been allowed to open `count` descriptors; a negative number takes that back.
    package static func promise(_ count: Int) { promised.add(count, ordering: .relaxed) }

    package static func clientConnected() { clients.add(1, ordering: .relaxed) }

    package static func clientLeft() { clients.subtract(1, ordering: .relaxed) }

    #if canImport(Glibc)
    private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
    #else
    private static var resource: Int32 { RLIMIT_NOFILE }
    #endif
}
