import Foundation
import Subprocess
import SystemPackage

/// An `xqueue serve` on a free port, in a process of its own, so that its memory is its own, too.
enum OwnXQueue {
    /// Runs `body` with the port and the process of a new server, and stops the server.
    static func use(
        maxSubscribers: Int, in folder: String, _ body: (_ port: Int, _ process: Int) async throws -> Void
    ) async throws {
        guard let program = Bundle.main.executablePath else {
            throw BenchFailure(description: "this program does not know where it is")
        }
        let port = try await LoopbackPort.free()
        let arguments = [
            "serve", "--server-port", "\(port)", "--server-max-subscribers", "\(maxSubscribers)",
            "--server-max-connections", "\(maxSubscribers + 1000)",
        ]
        try await OwnServer.use(
            .path(FilePath(program)), arguments, in: folder,
            missing: BenchFailure(description: "\(program) is gone")
        ) {
            try await LoopbackPort.waitUntilOpen(port, "xqueue serve")
        } _: { process in
            try await body(port, process)
        }
    }
}
