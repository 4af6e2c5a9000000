import Foundation
import Synchronization

/// A real broker of a test's own that speaks Kafka's protocol, on the loopback interface. It keeps its
/// topics in memory and ends with this object.
package final class TansuServer: Sendable {
    package let port: Int
    private let folder: ServerFolder
    private let tls: TLSFiles?
    private let asksUsers: Bool
    private let program = Mutex<RunningProgram?>(nil)
    /// Takes the TLS away, which the broker itself does not speak.
    private let entrance = Mutex<TCPProxy?>(nil)

    /// Makes a broker that is not running yet.
    ///
    /// - Parameters:
    ///   - tls: What is shown to clients, which then must speak TLS.
    ///   - asksUsers: Whether clients must be users, of whom there are none.
    package init(tls: TLSFiles? = nil, asksUsers: Bool = false) throws {
        folder = try ServerFolder()
        port = try FreePort.next()
        self.tls = tls
        self.asksUsers = asksUsers
    }

    /// Where clients connect: host and port.
    package var address: String {
        entrance.withLock { $0.map { "localhost:\($0.port)" } } ?? "127.0.0.1:\(port)"
    }

    /// Starts it, with nothing in it, and waits until it takes connections.
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
            guard next.isRunning else { throw ProgramEnded(said: next.said) }
            return next.said.contains("ready in")
        }
    }

    /// Makes a topic, as an operator would.
    package func create(_ topic: String, partitions: Int) async throws {
        let program = try RunningProgram(
            program: URL(filePath: try KafkaTools.folder() + "/bin/tansu"),
            ["topic", "create", topic, "--partitions", "\(partitions)", "--broker", "tcp://\(address)"],
            in: folder, name: "topic-\(folder.nextNumber())")
        guard try await program.exitStatus() == 0 else { throw ProgramEnded(said: program.said) }
    }

    /// Runs a program of `Tests/Kafka` against this broker and answers what it wrote.
    package func run(_ script: String, _ arguments: [String]) async throws -> String {
        try await KafkaTools.run(script, [address] + arguments, in: folder)
    }

    /// Ends it as a power cut would, and waits: everything in it is lost.
    package func kill() async throws {
        guard let program = program.withLock({ $0 }) else { return }
        program.send(SIGKILL)
        _ = try await program.exitStatus()
        self.program.withLock { $0 = nil }
    }

    /// It keeps its connections and answers nothing until ``resume()``.
    package func pause() {
        program.withLock { $0 }?.pause()
    }

    package func resume() {
        program.withLock { $0 }?.resume()
    }
}
