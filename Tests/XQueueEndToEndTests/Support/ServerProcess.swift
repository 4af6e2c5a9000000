import Foundation
import Testing
import XQueueTestServers
import XQueueTesting

/// An `xqueue serve` process in a test's own folder, on a free port.
final class ServerProcess: Sendable {
    let folder: ServerFolder
    let address: URL
    private let program: RunningProgram

    /// Starts the server and waits until it listens.
    ///
    /// - Parameters:
    ///   - arguments: Additional flags.
    ///   - port: The port to listen on; 0 for any free one.
    ///   - name: Prefix of its output file's name, before the folder's next number.
    ///   - environment: Variables in addition to those every program gets.
    ///   - shell: A shell command that execs the server, such as `ulimit -n 56; exec "$@"`.
    init(
        in folder: ServerFolder, _ arguments: [String] = [], port: Int = 0, name: String? = nil,
        environment: [String: String] = [:], shell: String? = nil
    ) async throws {
        var words = ["serve", "--server-port", "\(port)"] + arguments
        if let shell { words = ["-c", shell, "sh", try ProgramFile.built("xqueue")] + words }
        let program = try RunningProgram(
            program: shell.map { _ in URL(filePath: "/bin/sh") }, words, in: folder,
            name: "\(name ?? "server")-\(folder.nextNumber())", environment: environment)
        self.folder = folder
        self.program = program
        var found: URL?
        try await eventually("the server listens") {
            guard program.isRunning else { throw ProgramEnded(output: program.output) }
            found = Self.address(in: program.output)
            return found != nil
        }
        address = try #require(found)
    }

    deinit {
        program.send(SIGKILL)
    }

    var isRunning: Bool { program.isRunning }

    var processIdentifier: Int { Int(program.processIdentifier) }

    /// Its output so far.
    var output: String { program.output }

    func send(_ signal: Int32) {
        program.send(signal)
    }

    /// Suspends it: it neither replies nor sends heartbeats.
    func pause() { program.pause() }

    func resume() { program.resume() }

    /// Waits for it to exit and returns its exit status; negative for a fatal signal.
    func exitStatus() async throws -> Int32 {
        try await program.exitStatus()
    }

    /// Kills it, as a power cut would, and waits until it is gone.
    func kill9() async throws {
        program.send(SIGKILL)
        _ = try await program.exitStatus()
    }

    private static func address(in log: String) -> URL? {
        for line in log.split(separator: "\n") {
            // The banner printed with log.format text.
            if let place = line.firstRange(of: "  API      "), line.hasSuffix("/api/v1") {
                return URL(string: String(line[place.upperBound...].dropLast("/api/v1".count)))
            }
            guard let fact = try? JSONDecoder().decode(Listening.self, from: Data(line.utf8)),
                fact.message == "Listening"
            else { continue }
            return fact.address.flatMap { URL(string: $0) }
        }
        return nil
    }

    private struct Listening: Decodable {
        var message: String
        var address: String?
    }
}
