import Foundation

extension RedisServer {
    /// A server shared by tests that need only their own keys, under a unique prefix. It is never flushed and must not be
    /// stopped, paused or configured. It ends with the process.
    package static var shared: RedisServer {
        get async throws { try await sharedStart.value }
    }

    /// Completes once the server replies.
    private static let sharedStart = Task { try await start() }

    /// Returns a unique key prefix.
    package static func prefix() -> String {
        "test-" + UUID().uuidString.lowercased().prefix(13)
    }
}
