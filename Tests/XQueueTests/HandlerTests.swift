import Synchronization
import Testing
import XQueue
import XQueueCore
import XQueueTesting

private struct Sum: TaskHandler {
    struct Request: Codable, Sendable { var numbers: [Int] }
    struct Answer: Codable, Sendable, Equatable { var sum: Int }

    static let type = "sum"

    func handle(_ task: TaskContext<Request>) async throws -> Answer {
        task.report(progress: 50, message: "half")
        return Answer(sum: task.payload.numbers.reduce(0, +))
    }
}

/// What handlers are given, and what becomes of what they return or throw.
@Suite struct HandlerTests {
    @Test func aTypedHandlersAnswerIsTheResult() async throws {
        let fixture = try RuntimeFixture()
        try fixture.manager.register(Sum(), maxConcurrency: 3)
        try await fixture.running { _ in
            let task = try await fixture.manager.submit(Sum.self, .init(numbers: [1, 2, 3]), .priority(5))
            let done = try await fixture.wait(for: task.id, .success)
            #expect(try done.result?.decode(Sum.Answer.self) == Sum.Answer(sum: 6))
            #expect(done.priority == 5)
            #expect(done.progress == TaskProgress(percent: 50, message: "half"))
            #expect(done.workerID == "worker-1")
            let types = try await fixture.manager.types()
            #expect(types.map(\.state.limit) == [3])
            #expect(types.map(\.hasHandler) == [true])
        }
    }

    @Test func aTaskThatIsGivenBackAgainAndAgainWaits() async throws {
        let fixture = try RuntimeFixture()
        let attempts = SharedList<Int>()
        try fixture.manager.register("naps") { (task: TaskContext<RawJSON>) -> RawJSON? in
            attempts.append(task.attempt)
            throw TaskSnooze(for: .zero)
        }
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("naps", .null)
            try await eventually("it waits") {
                try await fixture.manager.task(task.id)?.pendingReason == .scheduled
            }
            // The clock stands still: without the wait it would go round for ever.
            #expect(attempts.all == [1, 1, 1])
            try await fixture.advance(by: .milliseconds(100), until: "it runs again") {
                attempts.all.count > 4
            }
        }
    }

    @Test func aPayloadTheHandlerCannotReadFailsForGood() async throws {
        let fixture = try RuntimeFixture()
        try fixture.manager.register(Sum())
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("sum", try RawJSON(#"{"numbers":"no"}"#))
            let done = try await fixture.wait(for: task.id, .failed)
            #expect(done.retryCount == 0)
            #expect(done.error?.hasPrefix("the payload is not what the handler takes") == true)
        }
    }

    @Test func rawJSONGoesInAndOutAsItIs() async throws {
        let fixture = try RuntimeFixture()
        try fixture.manager.register("raw") { (task: TaskContext<RawJSON>) in task.payload }
        try await fixture.running { _ in
            let text = #"{ "b":1.50,  "a":[ ] , "a":"é" }"#
            let task = try await fixture.manager.submit("raw", try RawJSON(text))
            #expect(try await fixture.wait(for: task.id, .success).result?.text == text)
        }
    }

    @Test func aFailureIsRetriedAfterItsBackOffUntilNoRetryIsLeft() async throws {
        let fixture = try RuntimeFixture()
        let attempts = Mutex<[Int]>([])
        try fixture.manager.register("bad") { (task: TaskContext<RawJSON>) -> RawJSON? in
            attempts.withLock { $0.append(task.attempt) }
            throw TaskFailure("attempt \(task.attempt)")
        }
        try await fixture.running { _ in
            let policy = RetryPolicy(strategy: .fixed, delay: .seconds(7), jitter: 0)
            let task = try await fixture.manager.submit("bad", .null, .maxRetry(2), .retry(policy))
            try await fixture.advance(by: .seconds(1), until: "it has failed") {
                try await fixture.manager.task(task.id)?.status == .failed
            }
            let done = try #require(try await fixture.manager.task(task.id))
            #expect(attempts.withLock { $0 } == [1, 2, 3])
            #expect(done.errors.map(\.message) == ["attempt 1", "attempt 2", "attempt 3"])
            #expect(done.error == "attempt 3")
            for (first, second) in zip(done.errors, done.errors.dropFirst()) {
                let started = try #require(second.startedAt)
                #expect(started - first.endedAt >= .seconds(7))
            }
        }
    }

    @Test func aPermanentFailureIsNotRetried() async throws {
        let fixture = try RuntimeFixture()
        try fixture.manager.register("bad") { (_: TaskContext<RawJSON>) -> RawJSON? in
            throw TaskFailure("never", isPermanent: true)
        }
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("bad", .null)
            #expect(try await fixture.wait(for: task.id, .failed).retryCount == 0)
        }
    }

    @Test func aSnoozeUsesUpNoRetry() async throws {
        let fixture = try RuntimeFixture()
        let runs = Mutex(0)
        try fixture.manager.register("later") { (_: TaskContext<RawJSON>) -> RawJSON? in
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            if run < 4 { throw TaskSnooze(for: .seconds(60)) }
            return nil
        }
        try await fixture.running { _ in
            let start = fixture.clock.now()
            let task = try await fixture.manager.submit("later", .null, .maxRetry(0))
            try await fixture.advance(by: .seconds(5), until: "it has succeeded") {
                try await fixture.manager.task(task.id)?.status == .success
            }
            let done = try #require(try await fixture.manager.task(task.id))
            #expect(done.retryCount == 0)
            #expect(try #require(done.completedAt) - start >= .seconds(180))
        }
    }

    @Test func aResultThatIsTooLargeFailsForGood() async throws {
        let fixture = try RuntimeFixture { $0.maxPayloadBytes = 100 }
        try fixture.manager.register("large") { (_: TaskContext<RawJSON>) -> RawJSON? in
            try RawJSON(encoding: String(repeating: "x", count: 200))
        }
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("large", .null)
            let done = try await fixture.wait(for: task.id, .failed)
            #expect(done.error == "the result is larger than 100 bytes")
        }
    }

    @Test func theLastOfManyReportsArrives() async throws {
        let fixture = try RuntimeFixture()
        let gate = Gate()
        try fixture.manager.register("chatty") { (task: TaskContext<RawJSON>) -> RawJSON? in
            for percent in 0...99 { task.report(progress: Double(percent)) }
            await gate.pass()
            return nil
        }
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("chatty", .null)
            try await fixture.advance(by: .milliseconds(100), until: "99 % is stored") {
                try await fixture.manager.task(task.id)?.progress?.percent == 99
            }
            gate.open()
            try await fixture.wait(for: task.id, .success)
        }
    }

    @Test func anIllegalTypeOrLimitIsNotRegistered() async throws {
        let manager = try RuntimeFixture().manager
        let type = #expect(throws: QueueError.self) {
            try manager.register("no spaces") { (_: TaskContext<RawJSON>) -> RawJSON? in nil }
        }
        #expect(type?.code == .invalidField)
        let limit = #expect(throws: QueueError.self) { try manager.register(Sum(), maxConcurrency: 0) }
        #expect(limit?.field == "max_concurrency")
        #expect(manager.ownTypes.isEmpty)
    }
}
