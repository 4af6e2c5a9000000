import CoreMetrics
import Logging
import Testing
import XQueueCore
import XQueueSQLite
import XQueueTesting

@testable import XQueue

@Suite("Attempt life cycle, local or remote") struct AttemptTests {
    private let clock = ManualClock()
    private let attempts: Attempts
    private let task = TaskID(high: 0, low: 1)

    init() throws {
        let context = EngineContext(
            clock: clock, random: SeededRandomSource(seed: 1),
            metrics: QueueMetrics(NOOPMetricsHandler.instance),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let store = try SQLiteStore(path: ":memory:", clock: clock)
        attempts = Attempts(
            store: store, births: BirthWatch(store: store, context: context) { [] },
            configuration: QueueConfiguration(), context: context)
    }

    // MARK: - Ends

    @Test("A result or failure in time is settled as such") func endsInTime() {
        #expect(outcome(.success(.null)) == .success(.null))
        let failure = AttemptFailure("no", isPermanent: true)
        guard case .failure(failure, _) = outcome(.failure(failure)) else {
            Issue.record("a failure is a failure")
            return
        }
    }

    @Test(
        "After the process timeout, every outcome is a timeout, except a release",
        arguments: [AttemptEnd.success(.null), .failure(AttemptFailure("no")), .snooze(.seconds(5))])
    func endsTooLate(end: AttemptEnd) {
        guard case .failure(let failure, _) = outcome(end, timedOutAfter: .seconds(3)) else {
            Issue.record("it came too late")
            return
        }
        #expect(failure.kind == .timeout)
        #expect(outcome(.release(.zero), timedOutAfter: .seconds(3)) == .release)
        #expect(outcome(.release(.seconds(7)), timedOutAfter: .seconds(3)) == .snooze(.seconds(7)))
    }

    @Test("A task that is released repeatedly waits longer each time, until an attempt has an outcome")
    func givenBackAgain() {
        #expect(outcome(.release(.zero)) == .release)
        #expect(outcome(.release(.zero)) == .release)
        #expect(outcome(.release(.zero)) == .snooze(.milliseconds(100)))
        #expect(outcome(.snooze(.zero)) == .snooze(.milliseconds(200)))
        #expect(outcome(.release(.zero), isStopping: true) == .release, "this worker cannot get it again")
        #expect(outcome(.release(.seconds(9))) == .snooze(.seconds(9)), "as was asked for")
        #expect(outcome(.success(nil)) == .success(nil))
        #expect(outcome(.release(.zero)) == .release)
    }

    private func outcome(
        _ end: AttemptEnd, timedOutAfter timeout: Duration? = nil, isStopping: Bool = false
    ) -> AttemptOutcome {
        attempts.outcome(of: end, task, timedOutAfter: timeout, isStopping: isStopping)
    }

    @Test("A handler that does not stop ends by the reason it was asked to stop for") func givenUp() {
        #expect(AttemptEnd(givenUp: .shutdown) == .release(.zero))
        #expect(AttemptEnd(givenUp: .leaseLost) == nil, "it is another's to end")
        for reason in [StopReason.canceled, .timedOut] {
            guard case .failure = AttemptEnd(givenUp: reason) else {
                Issue.record("\(reason) is a failure")
                return
            }
        }
    }

    // MARK: - Heartbeats

    @Test("The answer to a heartbeat extends the lease, or gives a reason to stop") func heartbeats() throws {
        let start = clock.instant()
        var attempt = try attempt(processTimeout: .seconds(60))
        #expect(attempt.leaseEndsAt == start + .seconds(30))
        let end = start + .seconds(50)
        #expect(attempt.take(.held, leaseEndsAt: end, at: start) == .held)
        #expect(attempt.leaseEndsAt == end)
        #expect(attempt.take(.cancelRequested, leaseEndsAt: end, at: start) == .stop(.canceled))
        #expect(attempt.take(.held, leaseEndsAt: start + .seconds(40), at: start) == .held)
        #expect(attempt.leaseEndsAt == end, "an answer that is late takes nothing away")
        #expect(attempt.take(.held, leaseEndsAt: end, at: start + .seconds(60)) == .stop(.timedOut))
        #expect(attempt.take(.held, leaseEndsAt: start + .seconds(99), at: start) == .held)
        #expect(attempt.leaseEndsAt == start + .seconds(65), "no lease outlasts the deadline")
        #expect(attempt.take(.lost, leaseEndsAt: end, at: start) == .stop(.leaseLost))
    }

    @Test("An attempt that another node claimed is as old as the store says") func recalled() throws {
        let now = Timestamp(milliseconds: 100_000)
        var record = record(processTimeout: .seconds(60))
        record.state.startedAt = Timestamp(milliseconds: 90_000)
        let attempt = try #require(attempts.recall(record, storeTime: now, now: clock.instant()))
        #expect(attempt.startedAt == clock.instant() + .seconds(-10))
        #expect(attempt.leaseEndsAt == clock.instant() + .seconds(20))
        #expect(!attempt.isTimedOut(at: clock.instant() + .seconds(49)))
        #expect(attempt.isTimedOut(at: clock.instant() + .seconds(50)))
        record.state.lease?.deadline = Timestamp(milliseconds: 105_000)
        let canceled = try #require(attempts.recall(record, storeTime: now, now: clock.instant()))
        #expect(canceled.timeoutAt == attempt.timeoutAt, "a cancellation brings only the deadline forward")
        record.state.lease = nil
        #expect(attempts.recall(record, storeTime: now, now: clock.instant()) == nil)
    }

    @Test(
        "A slow answer to a claim delays the process timeout, but not beyond the attempt's end at the store")
    func slowClaims() throws {
        let start = clock.instant()
        let slow = try attempt(processTimeout: .seconds(60), answerAfter: .seconds(3))
        #expect(slow.timeoutAt == start + .seconds(63))
        let late = try attempt(processTimeout: .seconds(60), answerAfter: .seconds(20))
        #expect(late.timeoutAt == start + .seconds(65))
    }

    private func attempt(processTimeout: Duration?, answerAfter delay: Duration = .zero) throws -> Attempt {
        let now = clock.instant()
        let terms = LeaseTerms(
            askedAt: now, claimedAt: now + delay, lease: .seconds(30), grace: .seconds(5))
        return try #require(attempts.begin(record(processTimeout: processTimeout), terms))
    }

    private func record(processTimeout: Duration?) -> TaskRecord {
        var definition = TaskDefinition(type: "a")
        definition.processTimeout = processTimeout
        var state = TaskState(
            createdAt: Timestamp(milliseconds: 1), runAt: Timestamp(milliseconds: 1), queueTimeout: nil)
        state.status = .processing
        state.lease = Lease(
            token: LeaseToken(rawValue: 7), workerID: "w", expiresAt: Timestamp(milliseconds: 120_000),
            deadline: nil)
        return TaskRecord(id: task, definition: definition, state: state)
    }
}
