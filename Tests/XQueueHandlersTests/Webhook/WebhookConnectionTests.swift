import Foundation
import Testing
import XQueue
import XQueueCore
import XQueueTestServers

@testable import XQueueHandlers

/// Webhooks against services, and connections, that behave badly.
@Suite struct WebhookConnectionTests {
    private static let drip: [ScriptedService.Step] =
        [.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")]
        + (0..<20_000).flatMap { _ in [.pause(.milliseconds(20)), .send(" ")] }

    @Test(arguments: [
        drip, [.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{")],
        [.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")],
    ])
    func theDeadlineCoversTheBody(steps: [ScriptedService.Step]) async throws {
        let service = try await ScriptedService.start { _ in steps }
        try await Self.run(service, change: { $0.timeout = .milliseconds(400) }) { queue in
            let task = try await queue.end()
            #expect(task.status == .failed)
            #expect(
                task.error?.hasSuffix("the response was not complete in time") == true, "\(task.error ?? "")")
            #expect(task.errors.map(\.kind) == [.error])
        }
    }

    @Test func anErrorStatusCountsEvenWithoutItsBody() async throws {
        let service = try await ScriptedService.start { _ in
            [.send("HTTP/1.1 422 Unprocessable\r\nContent-Length: 10\r\n\r\n{")]
        }
        try await Self.run(service, change: { $0.timeout = .milliseconds(400) }) { queue in
            let task = try await queue.end { $0.maxRetry = 3 }
            #expect(task.status == .failed)
            #expect(task.retryCount == 0)
            #expect(task.error?.hasSuffix("answered 422") == true, "\(task.error ?? "")")
        }
    }

    @Test func aReusedConnectionThatClosesIsNotAnAttempt() async throws {
        let service = try await ScriptedService.start { call in
            call.request == 1 ? [ScriptedService.answer(body: "\(call.connection)")] : [.close]
        }
        try await Self.run(service) { queue in
            for connection in 1...3 {
                let task = try await queue.end { $0.maxRetry = 0 }
                #expect(task.status == .success, "\(task.error ?? "")")
                #expect(task.result?.text == "\(connection)")
                #expect(task.attempt == 1)
            }
            #expect(service.calls.map(\.request) == [1, 2, 1, 2, 1])
        }
    }

    @Test func aNewConnectionThatClosesIsAnAttempt() async throws {
        let service = try await ScriptedService.start { _ in [.close] }
        try await Self.run(service) { queue in
            let task = try await queue.end()
            #expect(task.status == .failed)
            #expect(
                task.error?.hasSuffix("the connection was closed before the response was complete") == true,
                "\(task.error ?? "")")
            #expect(service.calls.count == 1)
        }
    }

    @Test func aRefusedConnectionIsReported() async throws {
        for host in ["127.0.0.1", "localhost"] {
            try await WebhookService.run(answer: { _ in nil }, change: { $0.url = "http://\(host):1/x" }) {
                queue in
                let task = try await queue.end()
                #expect(task.error == "http://\(host):1/x: connection refused: nothing is listening there")
            }
        }
    }

    @Test func anUnknownHostIsReported() async throws {
        try await WebhookService.run(answer: { _ in nil }, change: { $0.url = "http://nowhere.invalid/x" }) {
            queue in
            let task = try await queue.end()
            #expect(task.error == "http://nowhere.invalid/x: unknown host 'nowhere.invalid'")
        }
    }

    private static func run(
        _ service: ScriptedService, change: @Sendable (inout Webhook) -> Void = { _ in },
        _ body: @Sendable (WebhookService) async throws -> Void
    ) async throws {
        try await WebhookService.run(
            answer: { _ in nil },
            change: {
                $0.url = "http://127.0.0.1:\(service.port)/tasks"
                change(&$0)
            }, body)
    }
}
