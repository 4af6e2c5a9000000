import Testing
import XQueue
import XQueueCore

/// Which submissions are valid.
@Suite struct SubmissionTests {
    private func rejection(_ change: (inout TaskSubmission) -> Void) async throws -> QueueError? {
        let fixture = try RuntimeFixture()
        var submission = TaskSubmission(type: "t")
        change(&submission)
        do throws(QueueError) {
            try await fixture.manager.submit(submission)
            return nil
        } catch {
            return error
        }
    }

    private struct Case: Sendable, CustomTestStringConvertible {
        let field: String
        let change: @Sendable (inout TaskSubmission) -> Void

        init(_ field: String, _ change: @escaping @Sendable (inout TaskSubmission) -> Void) {
            self.field = field
            self.change = change
        }

        var testDescription: String { field }
    }

    private static let wrong: [Case] = [
        Case("type") { $0.type = "" },
        Case("type") { $0.type = "has space" },
        Case("type") { $0.type = "é" },
        Case("type") { $0.type = String(repeating: "x", count: 129) },
        Case("max_retry") { $0.maxRetry = -1 },
        Case("max_retry") { $0.maxRetry = 1001 },
        Case("queue_timeout") { $0.queueTimeout = .seconds(-1) },
        Case("process_timeout") { $0.processTimeout = .seconds(315_360_001) },
        Case("concurrency_key") { $0.concurrencyKey = "" },
        Case("concurrency_key") { $0.concurrencyKey = String(repeating: "k", count: 257) },
        Case("concurrency_key") { $0.concurrencyKey = "a\u{0}b" },
        Case("max_concurrency") { $0.maxConcurrency = 0 },
        Case("unique_key") { $0.uniqueKey = "a\nb" },
        Case("retry_policy.delay") { $0.retryPolicy = RetryPolicy(delay: .seconds(-1)) },
        Case("retry_policy.max_delay") { $0.retryPolicy = RetryPolicy(maxDelay: .seconds(-1)) },
        Case("retry_policy.jitter") { $0.retryPolicy = RetryPolicy(jitter: 1.1) },
        Case("retry_policy.jitter") { $0.retryPolicy = RetryPolicy(jitter: .nan) },
        Case("delay") { $0.schedule = .after(.seconds(-1)) },
        Case("run_at") { $0.schedule = .at(Timestamp(milliseconds: .max)) },
    ]

    @Test(arguments: wrong)
    private func aWrongFieldIsNamed(_ wrong: Case) async throws {
        let error = try await rejection(wrong.change)
        #expect(error?.code == .invalidField)
        #expect(error?.field == wrong.field)
        #expect(error?.message.hasPrefix(wrong.field) == true)
    }

    @Test func theEndsOfEveryRangeAreValid() async throws {
        let error = try await rejection { submission in
            submission.type = String(repeating: "x", count: 124) + "._:-"
            submission.priority = .min
            submission.maxRetry = 1000
            submission.queueTimeout = .zero
            submission.processTimeout = .seconds(315_360_000)
            submission.concurrencyKey = String(repeating: "é", count: 128)
            submission.maxConcurrency = 1_000_000
            submission.uniqueKey = "u"
            submission.retryPolicy = RetryPolicy(delay: .zero, maxDelay: .zero, jitter: 1)
            submission.schedule = .at(Timestamp(milliseconds: 0))
        }
        #expect(error == nil)
    }

    @Test func aKeyAloneHasLimitOneAndALimitAloneUsesTheTypeAsKey() async throws {
        let fixture = try RuntimeFixture()
        var submission = TaskSubmission(type: "t")
        submission.concurrencyKey = "k"
        #expect(try await fixture.manager.submit(submission).record.concurrency == .init(key: "k", limit: 1))
        submission.concurrencyKey = nil
        submission.maxConcurrency = 7
        #expect(try await fixture.manager.submit(submission).record.concurrency == .init(key: "t", limit: 7))
    }

    @Test func aBatchIsAcceptedEntirelyOrNotAtAll() async throws {
        let fixture = try RuntimeFixture()
        let good = TaskSubmission(type: "t")
        let bad = TaskSubmission(type: "")
        let error = await #expect(throws: QueueError.self) {
            try await fixture.manager.submit([good, good, bad])
        }
        #expect(error?.field == "tasks[2].type")
        #expect(try await fixture.manager.tasks(TaskQuery()).total == 0)
        #expect(try await fixture.manager.submit([good, good]).count == 2)
        #expect(try await fixture.manager.submit([]).isEmpty)
    }

    @Test func aUniqueKeyReturnsTheFirstTask() async throws {
        let fixture = try RuntimeFixture()
        let first = try await fixture.manager.submit("t", .null, .unique("u"))
        #expect(try await fixture.manager.submit("t", .null, .unique("u")).id == first.id)
        try await fixture.manager.cancel(first.id)
        #expect(try await fixture.manager.submit("t", .null, .unique("u")).id != first.id)
        let error = await #expect(throws: QueueError.self) { try await fixture.manager.retry(first.id) }
        #expect(error?.code == .uniqueKeyTaken)
    }
}
