import Foundation

/// A real `redis-sentinel` that monitors a primary.
final class RedisSentinel: Sendable {
    /// The primary's name in the Sentinels' configuration.
    static let name = "xqueue"

    let port: Int
    private let folder: ServerFolder
    private let program: RunningProgram

    /// - Parameters:
    ///   - primary: The port of the primary.
    ///   - quorum: Number of Sentinels that must agree that it is down.
    init(primary: Int, quorum: Int, password: String?) async throws {
        port = try FreePort.next()
        folder = try ServerFolder()
        var lines = [
            "port \(port)", "bind 127.0.0.1", "dir \"\(folder.path)\"", "daemonize no",
            "sentinel monitor \(Self.name) 127.0.0.1 \(primary) \(quorum)",
            "sentinel down-after-milliseconds \(Self.name) 3000",
            "sentinel failover-timeout \(Self.name) 10000",
            "sentinel parallel-syncs \(Self.name) 1",
        ]
        if let password { lines.append("sentinel auth-pass \(Self.name) \(password)") }
        try folder.write("sentinel.conf", lines.joined(separator: "\n") + "\n")
        program = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("redis-sentinel")), ["sentinel.conf"],
            in: folder, name: "sentinel")
        try await waiting(for: "the sentinel answers") {
            guard program.isRunning else { throw ProgramEnded(output: program.output) }
            return (try? await command("PING"))?.text == "PONG"
        }
    }

    /// The log output.
    var output: String { program.output }

    func command(_ words: String...) async throws -> RedisCommandReply {
        try await RedisCall(port: port).run(words)
    }

    /// Port of the server that it considers the primary.
    func primaryPort() async throws -> Int? {
        try await command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self.name).list.last?.number
    }

    /// Returns whether it knows this many replicas and all other Sentinels.
    func knows(replicas: Int, sentinels: Int) async throws -> Bool {
        let text = try await command("INFO", "sentinel").text ?? ""
        return text.contains("status=ok") && text.contains("slaves=\(replicas),sentinels=\(sentinels)")
    }
}
