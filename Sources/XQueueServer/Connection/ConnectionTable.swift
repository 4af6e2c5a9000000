import HummingbirdCore
import NIOCore
import Synchronization
import XQueue

/// Tracks a server's connections and evicts one when there are too many.
///
/// A connection counts from when it is accepted until it closes. Event streams and waiting lease requests have limits
/// of their own, so their connections are set aside.
final class ConnectionTable: Sendable {
    private struct Entry {
        let mark: ConnectionMark
        /// Number of its requests that are set aside.
        var aside = 0
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        /// Number of counted connections by address.
        var byAddress: [ConnectionAddress: Int] = [:]
        /// Number of connections that do not count.
        var aside = 0
        var accepted = 0
        var listener: (any Channel)?
        var isRetryScheduled = false

        var counted: Int { entries.count - aside }

        mutating func count(_ address: ConnectionAddress?, _ change: Int) {
            guard let address else { return }
            let count = byAddress[address, default: 0] + change
            byAddress[address] = count > 0 ? count : nil
        }

        mutating func add(_ mark: ConnectionMark) {
            entries[ObjectIdentifier(mark.channel)] = Entry(mark: mark)
            count(mark.address, 1)
        }

        mutating func remove(_ mark: ConnectionMark) {
            let id = ObjectIdentifier(mark.channel)
            guard let entry = entries[id], entry.mark === mark else { return }
            entries[id] = nil
            if entry.aside > 0 { aside -= 1 } else { count(mark.address, -1) }
        }

        /// Changes the number of a connection's requests that are set aside.
        mutating func setAside(_ channel: any Channel, _ change: Int) {
            // An HTTP/2 request has a channel of its own, whose parent is the connection's.
            let candidates = [channel, channel.parent].compactMap { $0 }.map { ObjectIdentifier($0) }
            guard let id = candidates.first(where: { entries[$0] != nil }), var entry = entries[id] else {
                return
            }
            let wasAside = entry.aside > 0
            entry.aside += change
            entries[id] = entry
            guard wasAside != (entry.aside > 0) else { return }
            aside += wasAside ? -1 : 1
            count(entry.mark.address, wasAside ? 1 : -1)
        }

        func longestIdle(from address: ConnectionAddress? = nil) -> (ConnectionMark, UInt64)? {
            var longest: (ConnectionMark, UInt64)?
            for entry in entries.values where address == nil || entry.mark.address == address {
                guard let rank = entry.mark.rank, rank < longest?.1 ?? .max else { continue }
                longest = (entry.mark, rank)
            }
            return longest
        }
    }

    /// Number of connections that may be accepted beyond the limit while others are being closed for them.
    private static let slack = 64
    /// How long to wait before checking again for free file descriptors.
    private static let retryDelay = TimeAmount.milliseconds(100)
    /// Maximum number of connections accepted between two checks.
    private static let acceptedAtOnce = 4

    private let limit: Int
    private let limitPerAddress: Int
    private let state = Mutex(State())

    /// - Parameter limitPerAddress: 0 = no limit.
    init(limit: Int, limitPerAddress: Int = 0) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
    }

    // MARK: - The listener's side

    /// Whether to accept another connection; whether it may stay is decided in `admit`.
    var hasRoom: Bool { state.withLock { hasRoom($0) } }

    private func hasRoom(_ state: State) -> Bool { state.accepted - state.aside < limit + Self.slack }

    /// Whether another connection leaves enough file descriptors for the rest of the process. If not, evicts the
    /// longest idle connection and lets the listener retry later: the descriptor freed next may not be a connection's.
    var hasDescriptors: Bool {
        if OpenFiles.hasRoom(forClients: Self.acceptedAtOnce) { return true }
        closeLongestIdle()
        let listener = state.withLock { state -> (any Channel)? in
            guard !state.isRetryScheduled, let listener = state.listener else { return nil }
            state.isRetryScheduled = true
            return listener
        }
        listener?.eventLoop.scheduleTask(in: Self.retryDelay) {
            self.state.withLock { $0.isRetryScheduled = false }
            listener?.read()
        }
        return false
    }

    private func closeLongestIdle() {
        let victim = state.withLock { state in
            let victim = state.longestIdle()
            if let (mark, _) = victim { state.remove(mark) }
            return victim
        }
        guard let (mark, rank) = victim else { return }
        mark.evict(ifStill: rank) { self.keep(mark) }
    }

    func opened() {
        state.withLock { $0.accepted += 1 }
        OpenFiles.clientConnected()
    }

    func closed() {
        state.withLock { $0.accepted -= 1 }
        OpenFiles.clientLeft()
    }

    /// Notes the channel the server listens on.
    func listens(on channel: any Channel) {
        state.withLock { $0.listener = channel }
    }

    // MARK: - The connections' side

    /// Admits a new connection; at the limit, evicts the longest idle one to make room.
    ///
    /// - Returns: Nil if none can be evicted.
    func admit(_ channel: any Channel) -> ConnectionMark? {
        admit(channel, from: ConnectionAddress(channel.remoteAddress))
    }

    func admit(_ channel: any Channel, from address: ConnectionAddress?) -> ConnectionMark? {
        let mark = ConnectionMark(channel, address: address)
        let (isAdmitted, victim) = state.withLock { state -> (Bool, (ConnectionMark, UInt64)?) in
            var victim: (ConnectionMark, UInt64)?
            if let address, limitPerAddress > 0, state.byAddress[address, default: 0] >= limitPerAddress {
                victim = state.longestIdle(from: address)
                guard victim != nil else { return (false, nil) }
            } else if state.counted >= limit {
                victim = state.longestIdle()
                guard victim != nil else { return (false, nil) }
            }
            // Removed immediately, so that the next admission does not choose it again.
            if let (mark, _) = victim { state.remove(mark) }
            state.add(mark)
            return (true, victim)
        }
        guard isAdmitted else { return nil }
        if let (victim, rank) = victim {
            victim.evict(ifStill: rank) { self.keep(victim) }
        }
        keepUntilClosed(mark)
        return mark
    }

    private func keepUntilClosed(_ mark: ConnectionMark) {
        mark.channel.closeFuture.whenComplete { _ in self.state.withLock { $0.remove(mark) } }
    }

    /// Counts a connection again that became active just before it was to be evicted.
    private func keep(_ mark: ConnectionMark) {
        guard mark.channel.isActive else { return }
        state.withLock { $0.add(mark) }
        keepUntilClosed(mark)
    }

    /// The mark of an admitted connection.
    func mark(of channel: any Channel) -> ConnectionMark? {
        state.withLock { $0.entries[ObjectIdentifier(channel)]?.mark }
    }

    /// Stops counting the connection of `channel`, which may wait for long or will have no further requests, until
    /// ``takeBack(_:)``.
    func setAside(_ channel: any Channel) {
        let listener = state.withLock { state -> (any Channel)? in
            let hadRoom = hasRoom(state)
            state.setAside(channel, 1)
            return hadRoom ? nil : state.listener
        }
        // The listener waits for a connection to close; this frees a place, too.
        listener?.read()
    }

    func takeBack(_ channel: any Channel) {
        state.withLock { $0.setAside(channel, -1) }
    }
}

/// Controls when Hummingbird accepts another connection.
struct ConnectionLimit: AvailableConnectionsDelegate {
    let table: ConnectionTable

    func connectionOpened() { table.opened() }

    func connectionClosed() { table.closed() }

    func isAcceptingNewConnections() -> Bool { table.hasRoom && table.hasDescriptors }
}
