#if MQTT

import Foundation
import NIOCore
import NIOPosix
import Subprocess
import SystemPackage

/// A `mosquitto` on a free port, which lives as long as it is needed.
enum OwnMosquitto {
    /// Debian keeps it where only root looks.
    private static let places = [
        "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto",
    ]

    /// Runs `body` with the port of a new broker, and stops the broker.
    static func use(in folder: String, _ body: (Int) async throws -> Void) async throws {
        let port = try await freePort()
        let file = folder + "/mosquitto.conf"
        let lines = [
            "listener \(port) 127.0.0.1", "allow_anonymous true", "max_inflight_messages 0", "log_type error",
            "user root",
        ]
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let place = places.first { FileManager.default.isExecutableFile(atPath: $0) }
        do {
            _ = try await Subprocess.run(
                place.map { .path(FilePath($0)) } ?? .name("mosquitto"), arguments: ["-c", file],
                input: .none, output: .discarded,
                error: .discarded
            ) { execution in
                do {
                    try await waitUntilReady(port)
                    try await body(port)
                } catch {
                    try? execution.send(signal: .kill)
                    throw error
                }
                try execution.send(signal: .kill)
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw BenchFailure(
                description: "mosquitto is not installed (on Debian and Ubuntu: apt-get install mosquitto)")
        }
    }

    private static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port
        try await channel.close()
        guard let port else { throw BenchFailure(description: "no port is free") }
        return port
    }

    private static func waitUntilReady(_ port: Int) async throws {
        for _ in 0..<200 {
            let client = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            if let channel = try? await client.connect(host: "127.0.0.1", port: port).get() {
                return try await channel.close()
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchFailure(description: "mosquitto does not answer on port \(port) after 10 s")
    }
}

#endif
