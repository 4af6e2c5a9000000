import Foundation

/// Paths of programs.
package enum ProgramFile {
    /// The folders searched for the system's programs.
    static let path = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/opt/homebrew/bin:/opt/homebrew/sbin"

    /// Returns the path of a program built along with the tests.
    ///
    /// - Throws: ``Missing`` if it was not built.
    package static func built(_ name: String) throws -> String {
        let folders = [
            URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent(), Bundle.main.bundleURL,
            Bundle.main.bundleURL.deletingLastPathComponent(),
        ]
        return try first(folders.map { $0.appending(path: name).path }, name, "`swift build` makes it")
    }

    /// Returns the path of a system program.
    ///
    /// - Throws: ``Missing`` if it is not installed, which fails the test.
    package static func installed(_ name: String) throws -> String {
        let candidates = path.split(separator: ":").map { "\($0)/\(name)" }
        return try first(candidates, name, "`scripts/setup tests` says how to install it")
    }

    private static func first(_ candidates: [String], _ name: String, _ advice: String) throws -> String {
        guard let file = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw Missing(program: name, advice: advice)
        }
        return file
    }

    /// A program that a test needs is missing.
    package struct Missing: Error, CustomStringConvertible {
        package let program: String
        let advice: String

        package var description: String { "no program \(program): \(advice)" }
    }
}
