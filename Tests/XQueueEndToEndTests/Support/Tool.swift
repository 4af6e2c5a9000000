import Foundation
import Testing
import XQueueTestServers

/// Runs the program's client commands through a shell.
struct Tool: Sendable {
    let folder: ServerFolder
    let environment: [String: String]

    /// - Parameter server: The server the commands use; nil for none.
    init(_ server: ServerProcess?, in folder: ServerFolder, environment: [String: String] = [:]) {
        self.folder = folder
        let url = server.map { ["XQUEUE_URL": $0.address.absoluteString] } ?? [:]
        self.environment = url.merging(environment) { _, new in new }
    }

    struct Outcome: Sendable {
        var status: Int32
        var output: String
        var errors: String

        var lines: [String] { output.split(separator: "\n").map(String.init) }

        func decoded<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
            try JSONDecoder().decode(Value.self, from: Data(output.utf8))
        }
    }

    /// A running command; its streams are files in the folder.
    struct Run: Sendable {
        fileprivate let tool: Tool
        fileprivate let name: String
        let program: RunningProgram

        var output: String { tool.folder.read("\(name).out") }
        var errors: String { tool.folder.read("\(name).err") }

        func end() async throws -> Outcome {
            let status = try await program.exitStatus()
            return Outcome(status: status, output: output, errors: errors)
        }
    }

    func start(_ arguments: [String], input: String = "") throws -> Run {
        try start(#"exec "$0" "$@""#, arguments, input: input)
    }

    /// - Parameter command: A shell command line in which `$0` is the program.
    private func start(_ command: String, _ arguments: [String], input: String) throws -> Run {
        let name = "tool-\(folder.nextNumber())"
        try folder.write("\(name).in", input)
        let program = try RunningProgram(
            program: URL(filePath: "/bin/sh"),
            ["-c", "\(command) < \(name).in > \(name).out 2> \(name).err", try ProgramFile.built("xqueue")]
                + arguments,
            in: folder, name: name, environment: environment)
        return Run(tool: self, name: name, program: program)
    }

    /// Runs the program with the rest of a shell command line, which may redirect its output.
    func shell(_ line: String, input: String = "") async throws -> Outcome {
        try await start(#"eval "\"\$0\" $1""#, [line], input: input).end()
    }

    func run(_ arguments: String..., input: String = "") async throws -> Outcome {
        try await start(arguments, input: input).end()
    }
}
