import ArgumentParser
import Testing

@testable import XQueueBench

@Suite struct BenchOptionsTests {
    @Test func measuresSQLiteByDefault() throws {
        let command = try BenchCommand.parse([])
        #expect(command.options.store == .sqlite)
        #expect(BenchPhase.usual(for: .sqlite).allSatisfy { !$0.needsRedis })
    }

    @Test(arguments: [
        ["--redis-addr", "localhost:6379"],
        ["--redis-appendonly", "always"],
        ["prune"],
        ["drain", "nodes"],
        ["--store", "redis", "--redis-addr", "localhost:6379", "--redis-appendonly", "always"],
        ["--store", "paper"],
        ["--tasks", "0"],
        ["--batch", "1001"],
    ])
    func rejects(_ arguments: [String]) {
        #expect(throws: (any Error).self) { try BenchCommand.parse(arguments) }
    }

    @Test func helpShowsThePhasesButNotTheInternalWorker() {
        let help = BenchCommand.helpMessage()
        #expect(help.contains("xqueue-bench end-to-end"))
        #expect(!help.contains("bench-worker"))
    }
}
