/// Silent connections that live as long as this object.
package final class IdleConnections: Sendable {
    private let sockets: [Held]

    private final class Held: Sendable {
        let socket = LoopbackSocket()
    }

    /// - Parameter count: Number of connections to open to `port`, including those that the server has not accepted yet.
    package init(_ count: Int, to port: Int) {
        sockets = (0..<count).compactMap { _ in
            let held = Held()
            return held.socket.connect(port) ? held : nil
        }
    }

    package var count: Int { sockets.count }
}
