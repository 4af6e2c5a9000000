import HummingbirdCore
import NIOCore
import Synchronization
import XQueue

/// Knows the connections of a server, and which one goes when there are too many.
///
/// A connection counts from its acceptance to its end. Streams of events and requests that wait for tasks have limits of
/// their own and are set aside.
final class ConnectionTable: Sendable {
    private struct Entry {
        let mark: ConnectionMark
        /// How many of its requests are set aside.
        var aside = 0
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        /// Those that count, by address.
        var byAddress: [ConnectionAddress: Int] = [:]
        /// Connections that do not count.
        var aside = 0
        var accepted = 0
        var listener: (any Channel)?
        var willLookAgain = false

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

        /// Changes how many requests of a connection are set aside.
        mutating func setAside(_ channel: any Channel, _ change: Int) {
            // A request of HTTP/2 has a channel of its own within its connection's.
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

    /// How many connections beyond the limit may be accepted while others are being closed for them.
    private static let slack = 64
    /// How often to look whether there are descriptors again.
    private static let pause = TimeAmount.milliseconds(100)
    /// As many connections may be taken before the next look.
    private static let acceptedAtOnce = 4

    private let limit: Int
    private let limitPerAddress: Int
    private let state = Mutex(State())

    /// - Parameter limitPerAddress: 0 for none.
    init(limit: Int, limitPerAddress: Int = 0) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
    }

    // MARK: - The listener's side

    /// Whether another connection is accepted; whether it stays is seen then.
    var hasRoom: Bool {
        state.withLock { $0.accepted - $0.aside < limit + Self.slack }
    }

    /// Whether a connection leaves enough file descriptors to the rest of the process. If not, the longest idle one goes,
    /// and the listener tries again by itself: what closes next may be no connection.
    var hasDescriptors: Bool {
        if OpenFiles.hasRoom(forClients: Self.acceptedAtOnce) { return true }
        closeLongestIdle()
        let listener = state.withLock { state -> (any Channel)? in
            guard !state.willLookAgain, let listener = state.listener else { return nil }
            state.willLookAgain = true
            return listener
        }
        listener?.eventLoop.scheduleTask(in: Self.pause) {
            self.state.withLock { $0.willLookAgain = false }
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

    /// The server listens on `channel`.
    func listens(on channel: any Channel) {
        state.withLock { $0.listener = channel }
    }

    // MARK: - The connections' side

    /// Lets a new connection in; if it is one too many, the one that has been idle longest goes for it.
    ///
    /// - Returns: Nil if there is none that could go.
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
            // Out at once, so that the next one does not choose it again.
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

    /// A connection that was to go has gone on just then, and counts again.
    private func keep(_ mark: ConnectionMark) {
        guard mark.channel.isActive else { return }
        state.withLock { $0.add(mark) }
        keepUntilClosed(mark)
    }

    /// The mark of a connection that has been let in.
    func mark(of channel: any Channel) -> ConnectionMark? {
        state.withLock { $0.entries[ObjectIdentifier(channel)]?.mark }
    }

    /// The connection of `channel` waits for something that may take long, or will have no more requests: it does not
    /// count until it is taken back.
    func setAside(_ channel: any Channel) {
        let listener = state.withLock { state in
            state.setAside(channel, 1)
            return state.listener
        }
        // The listener may be waiting for a connection to close; this makes as much room.
        listener?.read()
    }

    func takeBack(_ channel: any Channel) {
        state.withLock { $0.setAside(channel, -1) }
    }
}

/// Tells Hummingbird when to take another connection.
struct ConnectionLimit: AvailableConnectionsDelegate {
    let table: ConnectionTable

    func connectionOpened() { table.opened() }

    func connectionClosed() { table.closed() }

    func isAcceptingNewConnections() -> Bool { table.hasRoom && table.hasDescriptors }
}
