import Foundation
import Synchronization

/// Free ports for servers that cannot choose one themselves.
package enum FreePort {
    /// Below the systems' ephemeral ports, so that no connection takes a port between its choice and its use.
    private static let range = 20000..<32000
    private static let taken = Mutex<Set<Int>>([])

    /// Returns a free port of the loopback interface that no other call in this process got.
    ///
    /// - Throws: ``NoneLeft`` after many tries.
    package static func next() throws -> Int {
        for _ in 0..<1000 {
            let port = Int.random(in: range)
            guard taken.withLock({ $0.insert(port).inserted }) else { continue }
            if isFree(port) { return port }
        }
        throw NoneLeft()
    }

    private static func isFree(_ port: Int) -> Bool {
        let socket = LoopbackSocket()
        return socket.bind(port)
    }

    package struct NoneLeft: Error {}
}
