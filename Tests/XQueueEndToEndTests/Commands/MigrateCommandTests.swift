#if Redis

import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// `xqueue migrate` with real stores.
@Suite(.timeLimit(.minutes(10))) struct MigrateCommandTests {
    private let folder: ServerFolder
    private let tool: Tool
    private static let file = "xqueue-data/xqueue.db"

    init() throws {
        folder = try ServerFolder()
        tool = Tool(nil, in: folder)
    }

    private struct Summary: Decodable {
        var tasks: Int
        var adopted: Int
        var known: Int
        var resumed_at: Int
        var types: Int
        var completed_before: String?
    }

    /// Creates a file store without a server, with `count` tasks of a type without workers.
    private func fill(_ count: Int, _ more: (Tool) async throws -> Void = { _ in }) async throws {
        let lines = (1...count).map { #"{"type":"wait","payload":{"n":\#($0)},"queue_timeout":0}"# + "\n" }
        try folder.write("tasks.ndjson", lines.joined())
        let server = try await ServerProcess(in: folder)
        let tool = Tool(server, in: folder)
        #expect(try await tool.run("submit", "--file", "tasks.ndjson").status == 0)
        try await more(tool)
        server.send(SIGTERM)
        #expect(try await server.exitStatus() == 0)
    }

    private func migrate(_ from: String, _ to: String, _ more: String...) async throws -> Tool.Outcome {
        try await tool.start(["migrate", "--from", from, "--to", to] + more).end()
    }

    private func place(_ prefix: String) async throws -> String {
        "redis://\(try await RedisServer.shared.address)?prefix=\(prefix)"
    }

    @Test func aQueueMovesToRedisToAnotherPrefixAndBack() async throws {
        try await fill(700) { tool async throws in
            #expect(try await tool.run("submit", "example", "{}", "--wait").status == 0)
            #expect(try await tool.run("types", "limit", "wait", "3").status == 0)
            #expect(try await tool.run("types", "pause", "wait").status == 0)
        }
        let (first, second) = (RedisServer.prefix(), RedisServer.prefix())
        let there = try await migrate(Self.file, try await place(first))
        #expect(there.status == 0, "\(there.errors)")
        #expect(there.output.contains("701") && there.output.contains("event log"), "\(there.output)")
        let address = try await RedisServer.shared.address
        let other = try await tool.start([
            "migrate", "--from", "redis://\(address)", "--from-prefix", first, "--to", "redis://\(address)",
            "--to-prefix", second, "--json",
        ]).end()
        let summary: Summary = try other.decoded()
        #expect((summary.tasks, summary.adopted, summary.types) == (701, 701, 2))
        let back = try await migrate(try await place(second), "back/xqueue.db")
        #expect(back.status == 0, "\(back.errors)")

        let server = try await ServerProcess(in: folder, ["--store-path", "back/xqueue.db"])
        let list = try await Tool(server, in: folder).run("list", "--all", "--json", "--type", "wait")
        #expect(list.status == 0)
        #expect(try await API(server).stats()[.pending] == 700)
        let types = try await Tool(server, in: folder).run("types")
        #expect(types.output.contains("wait"), "\(types.output)")
        #expect(try await Tool(server, in: folder).run("types", "resume", "wait").status == 0)
    }

    @Test func aKilledRunResumes() async throws {
        let count = 15_000
        try await fill(count)
        let server = try await RedisServer.shared
        let prefix = RedisServer.prefix()
        let arguments = ["migrate", "--from", Self.file, "--to", try await place(prefix), "--json"]
        func stored() async throws -> Int {
            Int(try await server.command("ZCARD", "{\(prefix)}:ready:wait").text ?? "") ?? 0
        }
        for (signal, status) in [(SIGKILL, -SIGKILL), (SIGINT, 130), (SIGTERM, 130)] as [(Int32, Int32)] {
            let before = try await stored()
            let run = try tool.start(arguments)
            try await eventually("more tasks are copied") {
                let now = try await stored()
                return !run.program.isRunning || now > before
            }
            run.program.send(signal)
            let outcome = try await run.end()
            #expect(outcome.status == status || outcome.status == 0, "\(outcome)")
            if outcome.status == 130 { #expect(outcome.errors.contains("the same command"), "\(outcome)") }
            if signal == SIGKILL, outcome.status == status {
                // A node that starts on an incomplete copy reports it.
                let node = try await ServerProcess(
                    in: ServerFolder(), ["--redis-addr", server.address, "--redis-key-prefix", prefix])
                #expect(node.output.contains("migration is incomplete"), "\(node.output)")
                node.send(SIGTERM)
                #expect(try await node.exitStatus() == 0)
            }
        }
        let last = try await tool.start(arguments).end()
        #expect(last.status == 0, "\(last.errors)")
        #expect(try await stored() == count)
        let again = try await tool.start(arguments).end()
        let summary: Summary = try again.decoded()
        #expect(summary.completed_before != nil && summary.tasks == 0)
        #expect(try await stored() == count)
    }

    @Test func errorsAreReportedWithTheirExitCodes() async throws {
        let (prefix, full) = (RedisServer.prefix(), RedisServer.prefix())
        let (empty, target) = (try await place(RedisServer.prefix()), try await place(full))
        try await fill(3)
        #expect(try await migrate(Self.file, target).status == 0)
        for (from, to, status, words) in [
            ("none.db", target, 66, "no file"), (empty, "new.db", 66, "no queue"),
            (Self.file, Self.file, 64, "same queue"), ("http://h", target, 64, "--from"),
            (Self.file, "redis://h?db=3", 64, "?prefix"), ("config:none.yaml", target, 78, "none.yaml"),
            (Self.file, "redis://127.0.0.1:1", 73, "127.0.0.1:1"), (target, target, 64, "same queue"),
        ] as [(String, String, Int32, String)] {
            let outcome = try await migrate(from, to)
            #expect(outcome.status == status, "\(from) \(to): \(outcome)")
            #expect(outcome.errors.contains(words), "\(from) \(to): \(outcome)")
        }
        // A target with tasks is rejected without --merge.
        let server = try await ServerProcess(
            in: ServerFolder(),
            [
                "--redis-addr", try await RedisServer.shared.address,
                "--redis-key-prefix", prefix,
            ])
        #expect(try await Tool(server, in: folder).run("submit", "wait").status == 0)
        let running = try await migrate(try await place(prefix), "new.db")
        #expect(running.status == 1 && running.errors.contains("nodes are running"), "\(running)")
        server.send(SIGTERM)
        #expect(try await server.exitStatus() == 0)
        let refused = try await migrate(try await place(prefix), target)
        #expect(refused.status == 1 && refused.errors.contains("--merge"), "\(refused)")
        #expect(try await migrate(try await place(prefix), target, "--merge").status == 0)
        let file = try await ServerProcess(in: folder)
        let busy = try await migrate(Self.file, try await place(RedisServer.prefix()))
        #expect(busy.status == 73 && busy.errors.contains("another process"), "\(busy)")
        #expect(file.isRunning)
    }
}

#endif
