import Foundation
import Testing
import XQueueCore
import XQueueTestServers

@testable import XQueueCLI

struct TaskLineTests {
    private func lines(_ text: String) async throws -> [LineSource.Line] {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lines"
        try Data(text.utf8).write(to: URL(filePath: path))
        let source = try LineSource(path: path)
        var lines: [LineSource.Line] = []
        while let line = try await source.next() { lines.append(line) }
        #expect(source.totalBytes == text.utf8.count)
        #expect(source.position.bytes == text.utf8.count)
        return lines
    }

    @Test func allCommonLineEndsWork() async throws {
        let lines = try await lines("\u{FEFF}one\r\ntwo\n\nlast")
        #expect(lines.map { String(decoding: $0.text, as: UTF8.self) } == ["one", "two", "", "last"])
        #expect(lines.map(\.number) == [1, 2, 3, 4])
    }

    @Test func linesAreWholeWhereverChunksEnd() async throws {
        let words = (0..<5000).map { "\($0)-" + String(repeating: "x", count: $0 % 301) }
        let lines = try await lines(words.joined(separator: "\n"))
        #expect(lines.map { String(decoding: $0.text, as: UTF8.self) } == words)
    }

    @Test func theDigestIsThatOfWhatWasRead() async throws {
        let lines = try await lines("a\nb\n")
        let other = try await self.lines("a\nc\n")
        #expect(lines[0].end.digest == other[0].end.digest)
        #expect(lines[1].end.digest != other[1].end.digest)
        // printf 'a\nb\n' | sha256sum
        #expect(lines[1].end.digest == "911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2")
    }

    private func task(_ text: String) async throws -> TaskLine {
        let line = try #require(try await lines(text).first)
        return try TaskLine(line, id: try #require(TaskID("01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f")))
    }

    @Test(
        arguments: [
            (#"{"type":"a"}"#, #"{"id":"01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f","type":"a"}"#),
            (#"  { "type" : "a" } "#, #"{"id":"01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f", "type" : "a" } "#),
            ("{}", #"{"id":"01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"}"#),
            (
                #"{"type":"a","id":"01934B8E-0000-7c2e-9f01-3a5b6c7d8e9f"}"#,
                #"{"type":"a","id":"01934B8E-0000-7c2e-9f01-3a5b6c7d8e9f"}"#
            ),
        ])
    func aTaskGetsAnIdentifierUnlessItHasOne(line: String, sent: String) async throws {
        #expect(try await task(line).text == sent)
    }

    @Test(arguments: [
        "[]", "7", "{", #"{"type":"a"} {"type":"b"}"#, "nonsense", #"{"type":"a","id":null}"#,
        #"{"type":"a","id":"x"}"#,
    ])
    func aLineThatIsNotAnObjectIsAMistake(line: String) async throws {
        await #expect(throws: TaskLine.Mistake.self) { try await task(line) }
    }

    @Test func errorsAreAttributedToTheirLine() {
        #expect(BatchSender.index("tasks[17].retry_policy.delay") == 17)
        #expect(BatchSender.index("tasks[3]") == 3)
        #expect(BatchSender.index("tasks") == nil)
        #expect(BatchSender.index(nil) == nil)
    }
}
