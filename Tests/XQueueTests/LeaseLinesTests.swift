import Testing
import XQueueCore

@testable import XQueue

@Suite("Lines of lease polls") struct LeaseLinesTests {
    private static func entry(_ number: Int, _ types: [String] = ["a"], maxTasks: Int = 1) -> LeaseEntry {
        LeaseEntry(
            number: number,
            request: LeaseRequest(worker: RemoteWorker(name: "w\(number)", types: types), maxTasks: maxTasks),
            poll: LeasePoll())
    }

    private static func lines(_ entries: [LeaseEntry]) -> LeaseLines {
        var lines = LeaseLines()
        for entry in entries { lines.add(entry) }
        return lines
    }

    /// Answers the polls of a round as a claim that found `count` tasks.
    private static func serve(_ round: [LeaseEntry], _ count: Int, of lines: inout LeaseLines) {
        let finds = round.enumerated().map { index, entry in
            let isServed = index < count
            if isServed { entry.poll.claimEnded(.success(LeaseAnswer())) }
            return LeaseFind(
                entry: entry, isServed: isServed, waits: !isServed && entry.poll.claimFoundNothing(),
                isDry: !isServed)
        }
        lines.claimed(finds)
    }

    /// For values of calls that change something, which `#expect` does not take.
    private func expect<Value: Equatable>(
        _ value: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(value == expected, sourceLocation: sourceLocation)
    }

    @Test("A claim serves twice as many polls as the last one while tasks are left") func width() {
        var lines = Self.lines((0..<20).map { Self.entry($0) })
        let starts = [lines.signal(["a"]), lines.signal(["a"])]
        #expect(starts == [true, false])
        for (first, size) in [(0, 1), (1, 2), (3, 4), (7, 8)] {
            let round = lines.next()
            #expect(round.map(\.number) == Array(first..<first + size))
            Self.serve(round, size, of: &lines)
        }
        // The tasks run out: those without keep their places.
        let round = lines.next()
        #expect(round.map(\.number) == Array(15..<20))
        Self.serve(round, 2, of: &lines)
        expect(lines.next().isEmpty, true)
        expect(lines.signal(["a"]), true)
        expect(lines.next().map(\.number), [17, 18])
    }

    @Test("A signal during a claim leads to another one, one after a failure too") func signals() {
        var lines = Self.lines((0..<3).map { Self.entry($0) })
        expect(lines.signal(["a"]), true)
        let round = lines.next()
        expect(lines.signal(["a"]), false)
        Self.serve(round, 0, of: &lines)
        let again = lines.next()
        #expect(again.map(\.number) == [0])
        again[0].poll.claimEnded(.failure(.overloaded))
        lines.claimed([LeaseFind(entry: again[0], isServed: false, waits: false, isDry: true)])
        expect(lines.next().isEmpty, true)
        expect(lines.signal(["a"]), true)
        expect(lines.next().map(\.number), [1])
    }

    @Test("A signal counts although a claim is under way for all polls of the line") func lostWakeUp() {
        var lines = Self.lines([Self.entry(0)])
        expect(lines.signal(["a"]), true)
        let round = lines.next()
        #expect(lines.waiting == [["a"]])
        expect(lines.signal(["a"]), false)
        Self.serve(round, 0, of: &lines)
        expect(lines.next().map(\.number), [0])
    }

    @Test("A poll that ended while its claim found nothing does not come back") func endedInClaim() {
        var lines = Self.lines([Self.entry(0)])
        expect(lines.signal(["a"]), true)
        let round = lines.next()
        let find = LeaseFind(
            entry: round[0], isServed: false, waits: round[0].poll.claimFoundNothing(), isDry: true)
        round[0].poll.expire()
        lines.remove(round[0])
        lines.claimed([find])
        #expect(lines.waiting.isEmpty)
    }

    @Test("One claim serves the lines of several lists of types, in the order in which their polls came")
    func lists() {
        let lists = [["a"], ["a", "b"], ["c"]]
        var lines = Self.lines((0..<6).map { Self.entry($0, lists[$0 % 3]) })
        expect(lines.signal(["d"]), false)
        expect(lines.signal(["c"]), true)
        _ = lines.signal(["a"])
        #expect(lines.waiting.count == 3)
        let round = lines.next()
        #expect(round.map(\.number) == [0, 2])
        #expect(round.map(\.share.types) == [["a"], ["c"]])
    }

    @Test("A claim is bounded in tasks and in names of types") func bounds() {
        var large = Self.lines((0..<4).map { Self.entry($0, ["t\($0)"], maxTasks: 600) })
        for number in 0..<4 { _ = large.signal(["t\(number)"]) }
        expect(large.next().map(\.number), [0])
        expect(large.next().map(\.number), [1])
        var wide = Self.lines((0..<40).map { Self.entry($0, maxTasks: 400) })
        expect(wide.signal(["a"]), true)
        for (first, size) in [(0, 1), (1, 2), (3, 2), (5, 2)] {
            let round = wide.next()
            #expect(round.map(\.number) == Array(first..<first + size))
            Self.serve(round, size, of: &wide)
        }
        let names = (0..<90).map { "t\($0)" }
        var long = Self.lines((0..<20).map { Self.entry($0, names + ["own\($0)"]) })
        for number in 0..<20 { _ = long.signal(names + ["own\(number)"]) }
        expect(long.next().count, 10)
        // What did not fit is still signaled.
        expect(long.next().map(\.number), Array(10..<20))
    }

    @Test("Polls that have ended are passed over") func ended() {
        let entries = (0..<3).map { Self.entry($0) }
        var lines = Self.lines(entries)
        entries[0].poll.expire()
        lines.remove(entries[1])
        expect(lines.signal(["a"]), true)
        let round = lines.next()
        #expect(round.map(\.number) == [2])
        lines.removeAll()
        Self.serve(round, 1, of: &lines)
        #expect(lines.waiting.isEmpty)
    }
}
