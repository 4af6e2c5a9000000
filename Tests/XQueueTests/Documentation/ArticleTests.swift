import Foundation
import Testing
import XQueue
import XQueueCore
import XQueueTesting

/// The articles of the libraries tell code that compiles, and works.
@Suite struct ArticleTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    /// The files with `ending` in such folders of all targets: `Sources/XQueue/XQueue.docc` and the like.
    private static func files(_ ending: String, inEach folder: String, isFolder: (URL) -> Bool) throws
        -> [URL]
    {
        let targets = try contents(of: root.appending(path: folder))
        return try targets.flatMap { try contents(of: $0) }
            .filter(isFolder)
            .flatMap { try contents(of: $0) }
            .filter { $0.pathExtension == ending }
    }

    /// What is in a folder; nothing is in what is none.
    private static func contents(of folder: URL) throws -> [URL] {
        guard (try folder.resourceValues(forKeys: [.isDirectoryKey])).isDirectory == true else { return [] }
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }
    }

    /// A text as its lines without their indentation and comments, which are translated, one space between them.
    private static func flat(_ text: some StringProtocol) -> String {
        text.split(separator: "\n")
            .map { line in
                let code = line.range(of: "//").map { String(line[..<$0.lowerBound]) } ?? String(line)
                return code.trimmingCharacters(in: .whitespaces)
            }
            .filter { !$0.isEmpty }
            .joined(separator: " ")
    }

    /// The blocks of Swift in an article.
    private static func blocks(_ text: String) -> [String] {
        text.split(separator: "```swift\n").dropFirst().map { part in
            String(part.prefix(upTo: part.range(of: "```")?.lowerBound ?? part.endIndex))
        }
    }

    @Test func everyBlockOfSwiftIsCompiledCode() throws {
        let code = try Self.files(
            "swift", inEach: "Tests", isFolder: { $0.lastPathComponent == "Documentation" }
        )
        .map { Self.flat(try String(contentsOf: $0, encoding: .utf8)) }
        var count = 0
        let articles = try Self.files("md", inEach: "Sources", isFolder: { $0.pathExtension == "docc" })
        let pages = ["README.md", "README.zh-CN.md", "docs/tutorial.md", "docs/tutorial.zh-CN.md"]
        for article in articles + pages.map({ Self.root.appending(path: $0) }) {
            for block in Self.blocks(try String(contentsOf: article, encoding: .utf8)) {
                // Manifests are tried by hand.
                if block.contains("swift-tools-version") || block.hasPrefix(".testTarget(") { continue }
                count += 1
                // A block may leave out what lies between its parts.
                for part in block.split(separator: "\n\n") {
                    if part.hasPrefix("import ") { continue }
                    // A test has an entry point already.
                    let part = Self.flat(part.hasPrefix("@main\n") ? part.dropFirst(6) : part)
                    let isFound = code.contains { $0.contains(part) }
                    #expect(isFound, "\(article.lastPathComponent): this is not in compiled code: \(part)")
                }
            }
        }
        #expect(count >= 10)
    }

    @Test func theCodeOfTheArticlesWorks() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let manager = try ArticleCode.makeManager(path: folder.path + "/xqueue.db")
        try ArticleCode.registerClosures(manager)
        try ArticleCode.registerVoid(manager)
        ArticleCode.addMiddleware(manager)
        let id = try await ArticleCode.submit(manager)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await manager.run() }
            var found: String?
            try await eventually("the thumbnail is made") {
                found = try await ArticleCode.ask(manager, id)
                return found != nil
            }
            #expect(found == "200px-cat.jpg")
            let bad = try await manager.submit(Thumbnail.self, ThumbnailRequest(image: "a", width: 0))
            try await eventually("it fails for good") { try await manager.task(bad.id)?.status == .failed }
            #expect(try await manager.task(bad.id)?.retryCount == 0)
            let mirrored = try await manager.submit("mirror", try RawJSON("[1]"))
            try await eventually("it is mirrored") {
                try await manager.task(mirrored.id)?.result?.text == "[1]"
            }
            group.cancelAll()
            try? await group.waitForAll()
        }
        #expect(ArticleCode.configuration().leaseDuration == .seconds(30))
    }
}
