import Foundation

/// A wall clock of a single program that a test can set, by preloading `Tests/Clock/shift.c`.
package struct ShiftedClock: Sendable {
    /// Environment variables for the program.
    package let environment: [String: String]
    private let file: String

    /// Compiles the library into `folder`.
    package init(in folder: ServerFolder, name: String = "clock") async throws {
        let library = folder.path + "/\(name).so"
        file = folder.path + "/\(name).shift"
        environment = ["LD_PRELOAD": library, "XQUEUE_CLOCK_SHIFT": file]
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Clock/shift.c").path
        let compiler = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("cc")),
            ["-shared", "-fPIC", "-O2", "-o", library, source], in: folder, name: "cc-\(folder.nextNumber())")
        guard try await compiler.exitStatus() == 0 else {
            throw ProgramEnded(output: compiler.output)
        }
        try Data(repeating: 0, count: 8).write(to: URL(filePath: file))
    }

    /// Sets the clock's offset from the real one, in seconds.
    package func set(aheadBy seconds: Int) throws {
        // Written in place: the program has mapped the file.
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        try handle.write(contentsOf: withUnsafeBytes(of: Int64(seconds * 1000).littleEndian) { Data($0) })
        try handle.close()
    }
}
