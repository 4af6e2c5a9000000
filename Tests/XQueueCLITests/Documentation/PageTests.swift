import Foundation
import Testing

@testable import XQueueCLI

/// The pages of the documentation leave nothing out, and lead nowhere wrong.
@Suite("The documentation's pages") struct PageTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    /// The files with `ending` below a folder, by their paths from the root.
    private static func files(_ ending: String, in folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
            .filter { $0.hasSuffix(ending) }
            .map { "\(folder)/\($0)" }
    }

    @Test("Every setting is in the reference", arguments: ["configuration.md", "configuration.zh-CN.md"])
    func settings(page: String) throws {
        let text = try Self.text("docs/\(page)")
        // A secret's `_file` is described once for all of them.
        let keys = SettingsTable.all.map(\.key).filter { !$0.hasSuffix("_file") }
        #expect(keys.count > 90)
        #expect(keys.filter { !text.contains("`\($0)`") } == [])
    }

    @Test("Every error code of the API is in the reference") func codes() throws {
        let reference = try Self.text("docs/http-api.md")
        var codes: [String] = []
        for path in try ["Sources/XQueue/QueueError.swift"] + Self.files(".swift", in: "Sources/XQueueServer")
        {
            for line in try Self.text(path).split(separator: "\n") {
                // Those of the server's own start are of another type.
                guard let range = line.range(of: "Code(rawValue: \""), !path.hasSuffix("ServerError.swift")
                else { continue }
                codes.append(String(line[range.upperBound...].prefix { $0 != "\"" }))
            }
        }
        #expect(codes.count > 30)
        #expect(codes.filter { !reference.contains("`\($0)`") } == [])
    }

    @Test("Every relative link leads to a file") func links() throws {
        let pages =
            try ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]
            + Self.files(".md", in: "docs")
            + Self.files(".md", in: "Examples").filter { !$0.contains(".build/") }
        var count = 0
        for page in pages {
            let folder = Self.root.appending(path: page).deletingLastPathComponent()
            for part in try Self.text(page).split(separator: "](").dropFirst() {
                let target = part.prefix { $0 != ")" && $0 != "#" && $0 != " " }
                guard !target.isEmpty, !target.contains("://"), !target.hasPrefix("mailto:") else { continue }
                count += 1
                let path = folder.appending(path: String(target)).standardized.path
                #expect(FileManager.default.fileExists(atPath: path), "\(page): \(target)")
            }
        }
        #expect(count > 100)
    }
}
