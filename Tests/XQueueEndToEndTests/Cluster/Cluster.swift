#if Redis

import Foundation
import Testing
import XQueueTestServers
import XQueueTesting

/// Nodes of the real program that share one queue in Redis. All of them end with the test.
final class Cluster: Sendable {
    let folder: ServerFolder
    private let flags: [String]

    /// A cluster on the server that tests share.
    convenience init() async throws {
        try self.init(redis: await .shared)
    }

    convenience init(redis: RedisServer) throws {
        try self.init(flags: ["--redis-addr", redis.address])
    }

    /// - Parameter flags: Where Redis is.
    init(flags: [String]) throws {
        folder = try ServerFolder()
        self.flags =
            flags + ["--redis-key-prefix", RedisServer.prefix(), "--queue-heartbeat-interval", "1s"]
    }

    /// Starts a node that serves HTTP. A node with the name of an earlier one writes on in its journal.
    func node(_ name: String, _ more: [String] = []) async throws -> ServerProcess {
        try await ServerProcess(in: folder, arguments(name, more), name: name)
    }

    /// Starts a node that only runs tasks.
    func worker(_ name: String, _ more: [String] = []) throws -> RunningProgram {
        try RunningProgram(
            ["serve", "--no-http"] + arguments(name, more), in: folder,
            name: "\(name)-\(folder.nextNumber())")
    }

    /// What the `example` handler wrote down on all nodes of this name, one after the other.
    func journal(_ name: String) throws -> [Journal.Line] {
        try Journal(folder.read("journal-\(name)"), lives: []).lines
    }

    private func arguments(_ name: String, _ more: [String]) -> [String] {
        flags + ["--example-journal", "journal-\(name)"] + more
    }
}

/// The time now, as journals write it.
func millisecondsNow() -> Int64 {
    Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
}

#endif
