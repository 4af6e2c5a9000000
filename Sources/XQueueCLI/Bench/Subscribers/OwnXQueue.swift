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
        _ = try await Subprocess.run(
            .path(FilePath(program)), arguments: Arguments(arguments), workingDirectory: FilePath(folder),
            input: .none, output: .discarded, error: .discarded
        ) { execution in
            do {
                try await LoopbackPort.waitUntilOpen(port, "xqueue serve")
                try await body(port, Int(execution.processIdentifier.value))
            } catch {
                try? execution.send(signal: .kill)
                throw error
            }
            // Nothing of what it holds is wanted any more.
            try execution.send(signal: .kill)
        }
    }
}
