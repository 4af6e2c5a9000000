import Foundation

extension RedisServer {
    /// A server for all tests that only need keys of their own, under a prefix that nobody else uses. It is
    /// never flushed, and must not be stopped, paused or configured. It ends with the process.
    package static var shared: RedisServer {
        get async throws { try await sharedStart.value }
    }

    /// Ends by itself once the server answers.
    private static let sharedStart = Task { try await start() }

    /// A prefix for keys that no other call gets.
    package static func prefix() -> String {
        "test-" + UUID().uuidString.lowercased().prefix(13)
    }
}
