#if MQTT

import Foundation
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
        let port = try await LoopbackPort.free()
        let file = folder + "/mosquitto.conf"
        let lines = [
            "listener \(port) 127.0.0.1", "allow_anonymous true", "max_inflight_messages 0", "log_type error",
            "user root",
        ]
        try (lines.joined(separator: "\n") + "\n").write(toFile: file, atomically: true, encoding: .utf8)
        let place = places.first { FileManager.default.isExecutableFile(atPath: $0) }
        try await OwnServer.use(
            place.map { .path(FilePath($0)) } ?? .name("mosquitto"), ["-c", file],
            missing: BenchFailure(
                description: "mosquitto is not installed (on Debian and Ubuntu: apt-get install mosquitto)")
        ) {
            try await LoopbackPort.waitUntilOpen(port, "mosquitto")
        } _: { _ in
            try await body(port)
        }
    }
}

#endif
