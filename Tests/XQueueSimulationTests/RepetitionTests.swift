import Foundation
import Testing
import XQueueTestServers

/// Runs the program itself: the order of sets and dictionaries is fixed only in a process that starts so.
@Suite("Repetition")
struct RepetitionTests {
    @Test("a seed repeats itself in every process", arguments: [3, 7, 18])
    func repeats(seed: Int) async throws {
        let first = try await Self.simulate("--seed", "\(seed)", "--verbose")
        let second = try await Self.simulate("--seed", "\(seed)", "--verbose")
        #expect(first.status == 0)
        #expect(first.output.contains("hash "))
        #expect(first == second)
        let other = try await Self.simulate("--seed", "\(seed + 1)", "--verbose")
        #expect(first.output != other.output)
    }

    @Test("a broken promise is printed with a smaller run, which breaks it as well")
    func prints() async throws {
        let run = try await Self.simulate("--plant", "settle-by-task", "--seeds", "1000", "--threads", "1")
        #expect(run.status == 1)
        let line = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("A smaller run: ") })
        let arguments = line.split(separator: " ").drop { !$0.hasPrefix("--") }.map(String.init)
        let smaller = try await Self.simulate(arguments)
        #expect(smaller.status == 1)
        #expect(smaller.output.contains("an attempt without a lease settled the task"))
    }

    private struct Run: Equatable {
        var status: Int32
        var output: String
    }

    private static func simulate(_ arguments: String...) async throws -> Run { try await simulate(arguments) }

    private static func simulate(_ arguments: [String]) async throws -> Run {
        let program = try RunningProgram(
            program: URL(filePath: ProgramFile.built("xqueue-simulate")), arguments, in: try ServerFolder(),
            name: "simulate")
        return Run(status: try await program.exitStatus(), output: program.output)
    }
}
