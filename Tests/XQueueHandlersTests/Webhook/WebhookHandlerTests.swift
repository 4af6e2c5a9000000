import Crypto
import Foundation
import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueHandlers

/// Webhooks against a real web service.
@Suite struct WebhookHandlerTests {
    @Test func theServiceGetsTheTaskAndItsResponseIsTheResult() async throws {
        try await WebhookService.run(
            answer: { _ in .init(body: #"{"done": 1}"#) },
            change: { $0.headers = ["Authorization": "Bearer x"] }
        ) { service in
            let task = try await service.end(#"{"to": "ann"}"#)
            #expect(task.status == .success)
            #expect(task.result?.text == #"{"done": 1}"#)
            let call = try #require(service.calls.value.first)
            let created = try #require(try await service.manager.task(task.id)).createdAt.rfc3339
            #expect(
                call.body == """
                    {"id":"\(task.id)","type":"hook","payload":{"to": "ann"},"attempt":1,"max_retry":0,\
                    "created_at":"\(created)","metadata":null,"scheduled":null}
                    """)
            #expect(call.headers[.contentType] == "application/json")
            #expect(call.headers[.authorization] == "Bearer x")
            #expect(call.headers[HTTPField.Name("X-XQueue-Task-ID")!] == task.id.description)
            #expect(call.headers[HTTPField.Name("X-XQueue-Attempt")!] == "1")
            #expect(call.headers[HTTPField.Name(WebhookSignature.header)!] == nil)
        }
    }

    @Test func traceAndMetadataArePassedOn() async throws {
        try await WebhookService.run(answer: { _ in .init() }) { service in
            let metadata = try RawJSON(#"{ "user": 7.0 }"#)
            let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            _ = try await service.end {
                $0.trace = TraceContext(parent: parent, state: "vendor=1")
                $0.metadata = metadata
            }
            let call = try #require(service.calls.value.first)
            #expect(call.body.hasSuffix(#","metadata":{ "user": 7.0 },"scheduled":null}"#))
            let headers = call.headers
            #expect(headers[HTTPField.Name("traceparent")!] == parent)
            #expect(headers[HTTPField.Name("tracestate")!] == "vendor=1")
        }
    }

    @Test func aResponseThatIsNotJSONIsASuccessWithoutAResult() async throws {
        for body in ["", "fine"] {
            try await WebhookService.run(answer: { _ in .init(status: .accepted, body: body) }) { service in
                let task = try await service.end()
                #expect(task.status == .success)
                #expect(task.result == nil)
            }
        }
    }

    @Test func requestsAreSigned() async throws {
        let secret = Array("0123456789abcdef0123".utf8)
        try await WebhookService.run(
            answer: { _ in .init() }, change: { $0.secret = WebhookSecret(secret) }
        ) { service in
            _ = try await service.end(#"{"a":"ü"}"#)
            let call = try #require(service.calls.value.first)
            let header = try #require(call.headers[HTTPField.Name(WebhookSignature.header)!])
            let parts = header.split(separator: ",")
            let time = try #require(parts.first?.dropFirst(2))
            #expect(abs(try #require(Double(time)) - Date().timeIntervalSince1970) < 60)
            let code = HMAC<SHA256>.authenticationCode(
                for: Data("\(time).\(call.body)".utf8), using: SymmetricKey(data: secret))
            #expect(parts.last == "v1=" + code.map { String(format: "%02x", $0) }.joined())
        }
    }

    @Test(arguments: [400, 401, 404, 410, 422, 301, 302, 307])
    func rejectionsAndRedirectsFailPermanently(status: Int) async throws {
        try await WebhookService.run(
            answer: { _ in
                .init(status: .init(code: status), headers: [.location: "/tasks"], body: "no such mailbox")
            }
        ) { service in
            let task = try await service.end { $0.maxRetry = 5 }
            #expect(task.status == .failed)
            #expect(task.retryCount == 0)
            #expect(service.calls.value.count == 1)
            let error = try #require(task.error)
            #expect(error.contains("answered \(status)") && error.contains("no such mailbox"))
            // The query may contain a key.
            #expect(!error.contains("hidden"))
        }
    }

    @Test(arguments: [429, 503])
    func theServiceSaysWhenToRetry(status: Int) async throws {
        try await WebhookService.run(
            answer: { _ in .init(status: .init(code: status), headers: [.retryAfter: "3600"]) }
        ) { service in
            let id = try await service.submit { $0.maxRetry = 1 }
            let task = try await service.task(id, "it is to be retried") { $0.retryCount == 1 }
            #expect(task.pendingReason == .scheduled)
            #expect(task.runAt - task.updatedAt == .seconds(3600))
        }
    }

    @Test(arguments: ["0", "1", "Thu, 01 Jan 2026 00:01:00 GMT"])
    func theBackOffIsNeverCutShort(wait: String) async throws {
        try await WebhookService.run(
            answer: { _ in .init(status: .init(code: 429), headers: [.retryAfter: wait]) }
        ) { service in
            let id = try await service.submit {
                $0.maxRetry = 1
                $0.retryPolicy = RetryPolicy(strategy: .fixed, delay: .seconds(200), jitter: 0)
            }
            let task = try await service.task(id, "it is to be retried") { $0.retryCount == 1 }
            #expect(task.runAt - task.updatedAt == .seconds(200))
        }
    }

    @Test(arguments: [500, 502, 503, 408, 423, 425, 429])
    func temporaryErrorsAreRetried(status: Int) async throws {
        let count = WebhookService.Shared(0)
        try await WebhookService.run(
            answer: { _ in
                count.change {
                    $0 += 1; return $0
                } == 1 ? .init(status: .init(code: status)) : .init(body: "2")
            }
        ) { service in
            let task = try await service.end {
                $0.maxRetry = 1
                $0.retryPolicy = RetryPolicy(delay: .milliseconds(1))
            }
            #expect(task.status == .success)
            #expect(task.errors.map(\.attempt) == [1])
        }
    }

    @Test func anUnreachableServiceIsRetried() async throws {
        try await WebhookService.run(answer: { _ in nil }, change: { $0.url = "http://127.0.0.1:1/x" }) {
            service in
            let task = try await service.end {
                $0.maxRetry = 1
                $0.retryPolicy = RetryPolicy(delay: .milliseconds(1))
            }
            #expect(task.status == .failed)
            #expect(task.errors.count == 2)
        }
    }

    @Test func aLateResponseIsAFailure() async throws {
        try await WebhookService.run(answer: { _ in nil }, change: { $0.timeout = .milliseconds(200) }) {
            service in
            let task = try await service.end()
            #expect(task.status == .failed)
            #expect(task.error?.contains("no response in time") == true)
        }
    }

    @Test func aResponseThatIsTooLargeFailsPermanently() async throws {
        try await WebhookService.run(
            answer: { _ in .init(body: #""\#(String(repeating: "x", count: 3000))""#) },
            change: { $0.maxResponse = 1000 }
        ) { service in
            let task = try await service.end { $0.maxRetry = 3 }
            #expect(task.status == .failed)
            #expect(task.error?.contains("larger than 1000 bytes") == true)
        }
    }

    @Test func aCancelClosesTheRequest() async throws {
        try await WebhookService.run(answer: { _ in nil }) { service in
            let id = try await service.submit()
            try await eventually("the service is asked") { service.calls.value.count == 1 }
            try await service.manager.cancel(id)
            let task = try await service.task(id, "it is canceled") { $0.status.isFinal }
            #expect(task.status == .canceled)
        }
    }

    @Test func aProcessTimeoutClosesTheRequest() async throws {
        try await WebhookService.run(answer: { _ in nil }) { service in
            let task = try await service.end { $0.processTimeout = .milliseconds(300) }
            #expect(task.status == .failed)
            #expect(task.errors.map(\.kind) == [.timeout])
        }
    }

    @Test(arguments: [
        ("0", Duration.zero), ("120", .seconds(120)), (" 7 ", .seconds(7)), ("999999999", .seconds(86_400)),
        ("Thu, 01 Jan 2026 00:01:00 GMT", .seconds(60)), ("Wed, 31 Dec 2025 23:00:00 GMT", .zero),
        ("Thursday, 01-Jan-26 00:01:00 GMT", .seconds(60)), ("Thu Jan  1 00:01:00 2026", .seconds(60)),
        ("Friday, 01-Jan-27 00:00:00 GMT", .seconds(86_400)), ("Friday, 31-Dec-99 00:00:00 GMT", .zero),
        ("thu, 01 jan 2026 00:00:07 gmt", .seconds(7)),
        ("soon", nil), ("-1", nil), ("", nil), ("1.5", nil), ("1 2", nil),
        ("Thu, 31 Feb 2026 00:00:00 GMT", nil), ("Thu, 01 Jan 2026 25:00:00 GMT", nil),
        ("Thu, 01 Jan 2026 00:01:00 CET", nil), ("Thu, 01 Jan 2026", nil), ("Thu, GMT", nil),
        ("Thu Jan 1 00:01:00 26 x", nil), ("2026-01-01T00:01:00Z", nil),
    ])
    func retryAfterIsRead(text: String, delay: Duration?) {
        #expect(RetryAfter.delay(text, now: Timestamp(milliseconds: 1_767_225_600_000)) == delay)
    }
}
