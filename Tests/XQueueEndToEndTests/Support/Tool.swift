import Foundation
import Testing
import XQueueTestServers

/// The real program's commands that talk to a server, as a shell runs them.
struct Tool: Sendable {
    let folder: ServerFolder
    let environment: [String: String]

    /// - Parameter server: What the commands talk to; nil for nothing.
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

    /// A command that runs; its streams go to files of the folder.
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

    /// - Parameter command: A line of the shell in which `$0` is the program.
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

    /// Runs the program with the rest of a line of the shell, which may redirect what it prints.
    func shell(_ line: String, input: String = "") async throws -> Outcome {
        try await start(#"eval "\"\$0\" $1""#, [line], input: input).end()
    }

    func run(_ arguments: String..., input: String = "") async throws -> Outcome {
        try await start(arguments, input: input).end()
    }
}
