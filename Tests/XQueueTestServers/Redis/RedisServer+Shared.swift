import Foundation

extension RedisServer {
    /// A server for all tests that only need keys of their own, under a prefix that nobody else uses. It is
    /// never flushed, and must not be stopped, paused or configured.
    package static var shared: RedisServer {
        get async throws { try await sharedStart.value }
    }

    /// Ends by itself once the server answers; the server ends with the process.
    private static let sharedStart = Task {
        let server = try await start()
        lasting = server
        atexit { RedisServer.removeShared() }
        return server
    }

    /// Written once, before the only reader is registered.
    nonisolated(unsafe) private static var lasting: RedisServer?

    /// Nothing deinitializes a global, so its folder has to be removed by hand.
    private static func removeShared() {
        guard let server = lasting else { return }
        server.endNow()
        server.folder.remove()
    }

    /// A prefix for keys that no other call gets.
    package static func prefix() -> String {
        "test-" + UUID().uuidString.lowercased().prefix(13)
    }
}
