import Foundation

/// The tools installed by `scripts/setup-kafka`.
package enum KafkaTools {
    /// The tools' folder, which must exist.
    package static func folder() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = environment["XQUEUE_KAFKA_TOOLS"] ?? root.appending(path: ".build/kafka").path
        guard FileManager.default.isExecutableFile(atPath: folder + "/bin/tansu") else {
            throw ProgramFile.Missing(program: "tansu in \(folder)", advice: "run `scripts/setup-kafka`")
        }
        return folder
    }

    /// Environment variables that make our program and Python use the tools.
    package static func environment() throws -> [String: String] {
        let folder = try folder()
        return ["LD_LIBRARY_PATH": folder + "/lib", "PYTHONPATH": folder + "/python"]
    }

    /// Returns the path of a Python program in `Tests/Kafka`.
    package static func script(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Kafka/\(name)").path
    }

    /// Runs a program of `Tests/Kafka` and returns its output.
    package static func run(
        _ script: String, _ arguments: [String], in folder: ServerFolder
    ) async throws -> String {
        let program = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("python3")),
            [Self.script(script)] + arguments, in: folder, name: "\(script)-\(folder.nextNumber())",
            environment: try environment())
        let status = try await program.exitStatus()
        guard status == 0 else { throw ProgramEnded(output: program.output) }
        return program.output
    }
}
