/// Connections that say nothing, for as long as this object lives.
package final class IdleConnections: Sendable {
    private let sockets: [Held]

    private final class Held: Sendable {
        let socket = LoopbackSocket()
    }

    /// - Parameter count: How many to open to `port`; those that the server does not take yet count, too.
    package init(_ count: Int, to port: Int) {
        sockets = (0..<count).compactMap { _ in
            let held = Held()
            return held.socket.connect(port) ? held : nil
        }
    }

    package var count: Int { sockets.count }
}
