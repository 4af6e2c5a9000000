#if Redis

import Foundation
import Testing
import XQueueTestServers

/// Nodes of the real program that share one queue in Redis. They are stopped with the test.
final class Cluster: Sendable {
    let folder: ServerFolder
    private let flags: [String]
    private let environment: [String: String]

    /// Creates a cluster on the Redis server that tests share.
    ///
    /// - Parameter heartbeat: A third of a lease. Longer for tests that must not lose a lease, however long a step
    ///   takes on a busy machine.
    convenience init(heartbeat: String = "1s") async throws {
        try self.init(flags: ["--redis-addr", try await RedisServer.shared.address], heartbeat: heartbeat)
    }

    convenience init(redis: RedisServer) throws {
        try self.init(flags: ["--redis-addr", redis.address])
    }

    /// - Parameters:
    ///   - flags: The flags that locate Redis.
    ///   - environment: Environment variables of every node.
    init(flags: [String], environment: [String: String] = [:], heartbeat: String = "1s") throws {
        self.environment = environment
        folder = try ServerFolder()
        self.flags =
            flags + ["--redis-key-prefix", RedisServer.prefix(), "--queue-heartbeat-interval", heartbeat]
    }

    /// Starts a node that serves HTTP. A node with the name of an earlier one appends to its journal.
    func node(_ name: String, _ more: [String] = []) async throws -> ServerProcess {
        try await ServerProcess(in: folder, arguments(name, more), name: name, environment: environment)
    }

    /// Starts a node that only runs tasks.
    func worker(_ name: String, _ more: [String] = []) throws -> RunningProgram {
        try RunningProgram(
            ["serve", "--no-http"] + arguments(name, more), in: folder,
            name: "\(name)-\(folder.nextNumber())", environment: environment)
    }

    /// Runs another command with the nodes' settings and returns its exit status and output.
    func run(_ command: [String], _ arguments: [String]) async throws -> (status: Int32, output: String) {
        // Giving a flag twice is an error, so the arguments replace the settings.
        var settings = flags
        for name in arguments where name.hasPrefix("--") {
            if let place = settings.firstIndex(of: name) { settings.removeSubrange(place...place + 1) }
        }
        let program = try RunningProgram(
            command + arguments + settings, in: folder,
            name: "\(command.joined(separator: "-"))-\(folder.nextNumber())", environment: environment)
        return (try await program.exitStatus(), program.output)
    }

    /// The journal that the `example` handler wrote on all nodes of this name, in order.
    func journal(_ name: String) throws -> [Journal.Line] {
        try Journal(folder.read("journal-\(name)"), lives: []).lines
    }

    private func arguments(_ name: String, _ more: [String]) -> [String] {
        flags + ["--example-journal", "journal-\(name)"] + more
    }
}

/// The current time in the format of journals.
func millisecondsNow() -> Int64 {
    Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
}

#endif
