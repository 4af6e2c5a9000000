import Foundation
import Synchronization
import Testing
import XQueueTesting

/// One run of the real `xqueue`, or of another program that a test needs.
final class RunningProgram: Sendable {
    private let process: Process
    private let output: String

    /// Foundation does not start two programs at the same moment safely.
    private static let starting = Mutex(())

    /// - Parameters:
    ///   - program: What to run instead of `xqueue`.
    ///   - name: Of the file its output goes to.
    init(
        program: URL? = nil, _ arguments: [String], in folder: ServerFolder, name: String,
        environment: [String: String] = [:]
    ) throws {
        output = folder.path + "/\(name).log"
        try Data().write(to: URL(filePath: output))
        let file = try #require(FileHandle(forWritingAtPath: output))
        process = Process()
        process.executableURL = try program ?? Self.binary()
        process.arguments = arguments
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"].merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = file
        process.standardError = file
        try Self.starting.withLock { _ in try process.run() }
        try file.close()
    }

    var isRunning: Bool { process.isRunning }

    /// What it wrote so far, to standard output and standard error.
    var said: String { (try? String(contentsOfFile: output, encoding: .utf8)) ?? "" }

    func send(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
    }

    /// Waits for its end; a deadly signal is negative.
    func exitStatus(within limit: Duration = .seconds(60)) async throws -> Int32 {
        try await eventually(within: limit, "the program ends") { !process.isRunning }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    /// The program that was built along with the tests.
    private static func binary() throws -> URL {
        let candidates = [
            URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent(), Bundle.main.bundleURL,
            Bundle.main.bundleURL.deletingLastPathComponent(),
        ].map { $0.appending(path: "xqueue") }
        return try #require(
            candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) },
            "there is no program xqueue beside the tests; `swift build` makes it")
    }
}
