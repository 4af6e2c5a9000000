import Foundation

/// The inputs that each reader is fuzzed from: one file each, in a folder with the reader's name.
enum Corpus {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Corpus")

    /// The folders' names.
    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.path).filter { !$0.hasPrefix(".") }
    }

    /// The inputs of a reader, in the order of their files' names.
    static func inputs(of name: String) throws -> [[UInt8]] {
        let folder = root.appending(path: name)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { !$0.hasPrefix(".") }
            .map { try Array(Data(contentsOf: folder.appending(path: $0))) }
    }
}
