import HummingbirdCore
import NIOCore
import Synchronization

/// Counts connections: those for requests have a limit here, streams of events and requests that wait for
/// tasks have limits of their own.
final class ConnectionCounter: Sendable {
    private struct State {
        var open = 0
        var aside = 0
        var listener: (any Channel)?
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) {
        self.limit = limit
    }

    var hasRoom: Bool {
        state.withLock { $0.open - $0.aside < limit }
    }

    func opened() {
        state.withLock { $0.open += 1 }
    }

    func closed() {
        state.withLock { $0.open -= 1 }
    }

    /// The server listens on `channel`.
    func listens(on channel: any Channel) {
        state.withLock { $0.listener = channel }
    }

    /// A connection will have no more requests.
    func becameStream() { setAside() }

    func streamClosed() { takeBack() }

    /// A connection's request waits for something that may take long.
    func setAside() {
        let listener = state.withLock { state in
            state.aside += 1
            return state.listener
        }
        // The listener may be waiting for a connection to close; this makes as much room.
        listener?.read()
    }

    func takeBack() {
        state.withLock { $0.aside -= 1 }
    }
}

/// Tells Hummingbird when to take another connection.
struct ConnectionLimit: AvailableConnectionsDelegate {
    let counter: ConnectionCounter

    func connectionOpened() { counter.opened() }

    func connectionClosed() { counter.closed() }

    func isAcceptingNewConnections() -> Bool { counter.hasRoom }
}
