import Foundation

/// What `scripts/setup-kafka` has put beside the build.
package enum KafkaTools {
    /// The folder, which must be there.
    package static func folder() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let folder = environment["XQUEUE_KAFKA_TOOLS"] ?? root.appending(path: ".build/kafka").path
        guard FileManager.default.isExecutableFile(atPath: folder + "/bin/tansu") else {
            throw ProgramFile.Missing(program: "tansu in \(folder)", advice: "`scripts/setup-kafka` gets it")
        }
        return folder
    }

    /// The variables with which a program of ours, or of Python, speaks to the broker.
    package static func environment() throws -> [String: String] {
        let folder = try folder()
        return ["LD_LIBRARY_PATH": folder + "/lib", "PYTHONPATH": folder + "/python"]
    }

    /// A program in Python under `Tests/Kafka`.
    package static func script(_ name: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Kafka/\(name)").path
    }

    /// Runs a program of `Tests/Kafka` and answers what it wrote.
    package static func run(
        _ script: String, _ arguments: [String], in folder: ServerFolder
    ) async throws -> String {
        let program = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("python3")),
            [Self.script(script)] + arguments, in: folder, name: "\(script)-\(folder.nextNumber())",
            environment: try environment())
        let status = try await program.exitStatus()
        guard status == 0 else { throw ProgramEnded(said: program.said) }
        return program.said
    }
}
