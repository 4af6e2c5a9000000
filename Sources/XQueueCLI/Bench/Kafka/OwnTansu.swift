#if Kafka

import Foundation
import Subprocess
import SystemPackage

/// A broker in memory on a free port, which lives as long as it is needed.
enum OwnTansu {
    /// Runs `body` with the address of a new broker, and stops the broker.
    static func use(_ body: (String) async throws -> Void) async throws {
        let port = try await LoopbackPort.free()
        let address = "127.0.0.1:\(port)"
        let arguments = [
            "--listener-url", "tcp://\(address)", "--advertised-listener-url", "tcp://\(address)",
            "--storage-engine", "memory://tansu/",
        ]
        try await OwnServer.use(
            program, arguments,
            missing: BenchFailure(
                description: """
                    there is no broker to start (scripts/setup-kafka gets tansu); --kafka-brokers takes a \
                    running one
                    """)
        ) {
            try await LoopbackPort.waitUntilOpen(port, "the broker")
        } _: { _ in
            try await body(address)
        }
    }

    /// Where `scripts/setup-kafka` puts it, or wherever it is installed.
    private static var program: Executable {
        let tools = ProcessInfo.processInfo.environment["XQUEUE_KAFKA_TOOLS"] ?? ".build/kafka"
        let file = URL(filePath: tools + "/bin/tansu").path
        return FileManager.default.isExecutableFile(atPath: file) ? .path(FilePath(file)) : .name("tansu")
    }
}

#endif
