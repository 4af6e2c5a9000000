import Foundation
import Synchronization

/// A real broker that speaks the Kafka protocol, on the loopback interface. It stores topics in memory and ends with this
/// object.
package final class TansuServer: Sendable {
    package let port: Int
    private let folder: ServerFolder
    private let tls: TLSFiles?
    private let asksUsers: Bool
    private let program = Mutex<RunningProgram?>(nil)
    /// Terminates TLS, which the broker itself does not support.
    private let entrance = Mutex<TCPProxy?>(nil)

    /// Creates a broker without starting it.
    ///
    /// - Parameters:
    ///   - tls: Certificate for clients, which then must use TLS.
    ///   - asksUsers: Whether clients must authenticate; there are no users.
    package init(tls: TLSFiles? = nil, asksUsers: Bool = false) throws {
        folder = try ServerFolder()
        port = try FreePort.next()
        self.tls = tls
        self.asksUsers = asksUsers
    }

    /// Host and port for clients.
    package var address: String {
        entrance.withLock { $0.map { "localhost:\($0.port)" } } ?? "127.0.0.1:\(port)"
    }

    /// Starts the broker, empty, and waits until it accepts connections.
    package func start() async throws {
        if let tls {
            let proxy = try await TCPProxy.start(to: port, tls: tls)
            entrance.withLock { $0 = proxy }
        }
        let next = try RunningProgram(
            program: URL(filePath: try KafkaTools.folder() + "/bin/tansu"),
            [
                "--listener-url", "tcp://127.0.0.1:\(port)", "--advertised-listener-url",
                "tcp://\(address)", "--storage-engine", "memory://tansu/",
            ] + (asksUsers ? ["--authentication"] : []),
            in: folder, name: "tansu-\(folder.nextNumber())")
        program.withLock { $0 = next }
        try await waiting(for: "the broker listens") {
            guard next.isRunning else { throw ProgramEnded(output: next.output) }
            return next.output.contains("ready in")
        }
    }

    /// Creates a topic, as an operator would.
    package func create(_ topic: String, partitions: Int) async throws {
        let program = try RunningProgram(
            program: URL(filePath: try KafkaTools.folder() + "/bin/tansu"),
            ["topic", "create", topic, "--partitions", "\(partitions)", "--broker", "tcp://\(address)"],
            in: folder, name: "topic-\(folder.nextNumber())")
        guard try await program.exitStatus() == 0 else { throw ProgramEnded(output: program.output) }
    }

    /// Runs a program of `Tests/Kafka` against this broker and returns its output.
    package func run(_ script: String, _ arguments: [String]) async throws -> String {
        try await KafkaTools.run(script, [address] + arguments, in: folder)
    }

    /// Kills the broker and waits for its end: its data is lost.
    package func kill() async throws {
        guard let program = program.withLock({ $0 }) else { return }
        program.send(SIGKILL)
        _ = try await program.exitStatus()
        self.program.withLock { $0 = nil }
    }

    /// Suspends the broker: connections stay open without replies until ``resume()``.
    package func pause() {
        program.withLock { $0 }?.pause()
    }

    package func resume() {
        program.withLock { $0 }?.resume()
    }
}
