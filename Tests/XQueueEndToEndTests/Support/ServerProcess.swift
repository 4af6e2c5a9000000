import Foundation
import Testing
import XQueueTestServers
import XQueueTesting

/// The real program `xqueue serve`, started by a test in a folder of its own, on a free port.
final class ServerProcess: Sendable {
    let folder: ServerFolder
    let address: URL
    private let program: RunningProgram

    /// Starts the server and waits until it listens.
    ///
    /// - Parameters:
    ///   - arguments: Further flags.
    ///   - port: To listen on; 0 for any that is free.
    ///   - name: Of the file its output goes to, when the folder's next number does not say enough.
    ///   - environment: Variables beside those that every program gets.
    ///   - shell: What a shell does before it becomes the server, such as `ulimit -n 56; exec "$@"`.
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

    /// What it has logged so far.
    var output: String { program.output }

    func send(_ signal: Int32) {
        program.send(signal)
    }

    /// Holds it up: it answers nobody, and sends no heartbeat.
    func pause() { program.pause() }

    func resume() { program.resume() }

    /// Waits for its end and answers its exit status; a deadly signal is negative.
    func exitStatus() async throws -> Int32 {
        try await program.exitStatus()
    }

    /// Ends it as a power cut would, and waits until it is gone.
    func kill9() async throws {
        program.send(SIGKILL)
        _ = try await program.exitStatus()
    }

    private static func address(in log: String) -> URL? {
        for line in log.split(separator: "\n") {
            // What is told to people, with log.format text.
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
