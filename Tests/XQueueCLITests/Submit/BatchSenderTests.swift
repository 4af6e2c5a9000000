import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers

@testable import XQueueCLI

/// Lines whose unique keys other tasks hold.
struct BatchSenderTests {
    private static let holder = "01934b8e-7d5a-7c2e-9f01-3a5b6c7d8e9f"

    private static func task(_ id: String, _ more: String = "") -> String {
        """
        {"id":"\(id)","type":"t","payload":null,"priority":0,"max_retry":3,"queue_timeout":0,"process_timeout":60,\
        "retry_policy":{"strategy":"fixed","delay":1,"max_delay":9,"jitter":0},"status":"pending","attempt":0,\
        "retry_count":0,"errors":[],"version":1,"created_at":"2026-01-01T00:00:00.000Z",\
        "updated_at":"2026-01-01T00:00:00.000Z","run_at":"2026-01-01T00:00:00.000Z"\(more)}
        """
    }

    private func lines(_ count: Int) async throws -> [TaskLine] {
        let folder = try TemporaryFolder()
        let path = folder.path + "/lines"
        try Data(String(repeating: "{\"type\":\"t\"}\n", count: count).utf8).write(to: URL(filePath: path))
        let source = try LineSource(path: path)
        let run = SubmitRun.begun()
        var lines: [TaskLine] = []
        while let line = try await source.next() {
            lines.append(try TaskLine(line, id: run.id(line: line.number)))
        }
        return lines
    }

    /// Sends four lines: the first is accepted, the second deduplicated, the third rejected, the fourth replaces a task.
    private func send(keepsGoing: Bool) async throws -> BatchSender.Outcome {
        let lines = try await lines(4)
        let tasks = [
            Self.task("\(lines[0].id)"), Self.task(Self.holder, #","deduplicated":true"#),
            Self.task(Self.holder, #","rejected":"not_unique""#),
            Self.task(Self.holder, #","replaced":true"#),
        ]
        let body = "{\"tasks\":[\(tasks.joined(separator: ","))],\"count\":4}"
        let service = try await ScriptedService.start { _ in [ScriptedService.answer(body: body)] }
        return try await QueueClient.with(.init(url: "http://127.0.0.1:\(service.port)")) { client in
            try await BatchSender(client: client, keepsGoing: keepsGoing).send(lines[...])
        }
    }

    @Test func aRejectedKeyIsAMistakeOfItsLine() async throws {
        let outcome = try await send(keepsGoing: true)
        #expect(outcome.accepted == 3)
        #expect(outcome.answered == 2)
        #expect(outcome.mistakes.map(\.number) == [3])
        #expect(
            outcome.mistakes.first?.message == "task \(Self.holder) holds the unique key; it is pending")
    }

    @Test func theFirstMistakeEndsTheOutcome() async throws {
        let outcome = try await send(keepsGoing: false)
        #expect(outcome.accepted == 2)
        #expect(outcome.answered == 1)
        #expect(outcome.mistakes.map(\.number) == [3])
    }
}
