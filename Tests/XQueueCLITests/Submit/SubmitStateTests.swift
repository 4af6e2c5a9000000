import Foundation
import Testing
import XQueueCore
import XQueueTestServers

@testable import XQueueCLI

struct SubmitStateTests {
    private let folder = try? TemporaryFolder()

    private func path() throws -> String { try #require(folder).path + "/state" }

    private func open(resume: Bool = false, restart: Bool = false) throws -> SubmitState {
        try SubmitState(path: try path(), url: "http://a", resume: resume, restart: restart)
    }

    private func mark(_ lines: Int, isComplete: Bool = false) -> SubmitState.Mark {
        SubmitState.Mark(
            lines: lines, bytes: lines * 10, digest: "d\(lines)", accepted: lines, isComplete: isComplete)
    }

    @Test func aResumedRunKeepsItsIdentifiers() throws {
        var state: SubmitState? = try open()
        let run = state?.head.run
        try state?.note(mark(10))
        try state?.note(mark(20))
        state = nil
        let resumed = try open(resume: true)
        #expect(resumed.head.run == run)
        #expect(resumed.mark == mark(20))
    }

    @Test func aPartialLineIsDiscarded() throws {
        var state: SubmitState? = try open()
        try state?.note(mark(10))
        state = nil
        let handle = try #require(FileHandle(forWritingAtPath: try path()))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(#"{"lines":20,"byt"#.utf8))
        try handle.close()
        state = try open(resume: true)
        #expect(state?.mark == mark(10))
        try state?.note(mark(30))
        state = nil
        #expect(try open(resume: true).mark == mark(30))
    }

    @Test func anUnfinishedRunIsNotDiscardedByMistake() throws {
        var state: SubmitState? = try open()
        let run = state?.head.run
        try state?.note(mark(10))
        state = nil
        let error = #expect(throws: CommandError.self) { try open() }
        #expect(error?.exit == .usage)
        #expect(error?.description.contains("after line 10") == true)
        #expect(try open(restart: true).head.run != run)
    }

    @Test func aCompleteRunMayBeRepeated() throws {
        var state: SubmitState? = try open()
        try state?.note(mark(10, isComplete: true))
        state = nil
        #expect(try open(resume: true).mark.isComplete)
        #expect(try open().mark == SubmitState.Mark())
    }

    @Test func twoProcessesDoNotShareAState() throws {
        let state = try open()
        let error = #expect(throws: CommandError.self) { try open(resume: true) }
        #expect(error?.exit == .cannotWrite)
        withExtendedLifetime(state) {}
    }

    @Test func aForeignFileIsLeftAlone() throws {
        try Data("type,payload\nmail,1\n".utf8).write(to: URL(filePath: try path()))
        #expect(throws: CommandError.self) { try open(restart: true) }
        #expect(try String(contentsOfFile: try path(), encoding: .utf8) == "type,payload\nmail,1\n")
    }

    @Test func identifiersKeepTheOrderOfLinesAndDistinguishRuns() {
        let run = SubmitRun(startedAt: 1_700_000_000_000, salt: 5)
        let numbers = [1, 2, 999, 1 << 20, (1 << 28) - 1, 1 << 28, (1 << 40) - 1]
        let ids = numbers.map { run.id(line: $0) }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.isVersion7 && $0.timestamp.milliseconds == 1_700_000_000_000 })
        #expect(run.id(line: 7) == SubmitRun(startedAt: 1_700_000_000_000, salt: 5).id(line: 7))
        #expect(run.id(line: 7) != SubmitRun(startedAt: 1_700_000_000_000, salt: 6).id(line: 7))
    }
}
