import Testing
import XQueueCore

@Suite("State machine: what each step writes")
struct TransitionDetailTests {
    private let now = MachineSubject.now
    private let token = MachineSubject.token

    private func step(
        _ subject: MachineSubject, _ transition: TaskTransition,
        _ prepare: (inout TaskRecord) -> Void = { _ in }
    ) throws -> TaskRecord {
        var record = subject.record
        prepare(&record)
        var machine = TaskStateMachine(record)
        try machine.apply(transition, at: now)
        return machine.record
    }

    // MARK: - Submission

    @Test func immediateSubmission() {
        let task = NewTask(id: TaskID(high: 1, low: 1), type: "a") { task in
            task.queueTimeout = .seconds(3)
        }
        let record = TaskStateMachine.submit(task, at: now)
        #expect(record.pendingReason == .ready)
        #expect(record.runAt == now)
        #expect(record.queueDeadline == now + .seconds(3))
        #expect(record.version == 1)
        #expect(record.attempt == 1)
        #expect(record.createdAt == now)
    }

    @Test func delayedSubmission() {
        var task = NewTask(id: TaskID(high: 1, low: 1), type: "a")
        task.schedule = .after(.milliseconds(1))
        let record = TaskStateMachine.submit(task, at: now)
        #expect(record.pendingReason == .scheduled)
        #expect(record.queueDeadline == nil)
        #expect(record.dueAt == now + .milliseconds(1))
        task.schedule = .at(now + .seconds(-9))
        #expect(TaskStateMachine.submit(task, at: now).runAt == now)
        #expect(TaskStateMachine.submit(task, at: now).pendingReason == .ready)
    }

    // MARK: - Attempts

    @Test func claimGivesALeaseBoundedByTheDeadline() throws {
        func grant(_ lease: Duration) -> TaskTransition {
            .claim(ClaimGrant(token: token, workerID: "w", lease: lease, grace: .seconds(5)))
        }
        let record = try step(.ready, grant(.seconds(20)))
        #expect(record.lease?.expiresAt == now + .seconds(20))
        #expect(record.lease?.deadline == now + .seconds(65))
        #expect(record.startedAt == now)
        #expect(record.workerID == "w")
        #expect(record.progress == nil)
        let bounded = try step(.ready, grant(.seconds(900)))
        #expect(bounded.lease?.expiresAt == now + .seconds(65))
        let endless = try step(.ready, grant(.seconds(900))) { $0.processTimeout = nil }
        #expect(endless.lease?.deadline == nil)
        #expect(endless.lease?.expiresAt == now + .seconds(900))
    }

    @Test func failureIsRememberedAndRetriedWithBackOff() throws {
        let failure = AttemptFailure("boom")
        let record = try step(.processing, .settle(token, .failure(failure, draw: 0.5)))
        #expect(record.retryCount == 2)
        #expect(record.runAt == now + .seconds(10))
        #expect(record.error == "boom")
        #expect(
            record.errors == [
                AttemptError(
                    attempt: 2, kind: .error, message: "boom", workerID: "w1",
                    startedAt: Timestamp(milliseconds: 960_000), endedAt: now)
            ])
    }

    @Test func aTaskHasOneAttemptMoreThanRetries() throws {
        let failure = TaskTransition.settle(token, .failure(AttemptFailure("x"), draw: 0.5))
        #expect(try step(.processing, failure) { $0.retryCount = 2 }.status == .pending)
        let last = try step(.processing, failure) { $0.retryCount = 3 }
        #expect(last.status == .failed)
        #expect(last.retryCount == 3)
        #expect(last.completedAt == now)
        #expect(try step(.processing, failure) { $0.maxRetry = 0 }.status == .failed)
    }

    @Test func onlyTheLastFailuresAreRemembered() throws {
        let old = (1...10).map {
            AttemptError(
                attempt: $0, kind: .error, message: "", workerID: nil, startedAt: nil, endedAt: now)
        }
        let record = try step(.processing, .settle(token, .failure(AttemptFailure("x"), draw: 0))) {
            $0.errors = old
            $0.retryCount = 10
            $0.maxRetry = 50
        }
        #expect(record.errors.map(\.attempt) == Array(2...11))
    }

    @Test func successForgetsTheError() throws {
        let result = try RawJSON("[1]")
        let record = try step(.processing, .settle(token, .success(result))) { $0.error = "before" }
        #expect(record.error == nil)
        #expect(record.result == result)
        #expect(record.completedAt == now)
    }

    @Test func snoozeAndReleaseCountNoAttempt() throws {
        let snoozed = try step(.processing, .settle(token, .snooze(.seconds(4))))
        #expect(snoozed.retryCount == 1)
        #expect(snoozed.runAt == now + .seconds(4))
        #expect(snoozed.errors.isEmpty)
        let released = try step(.processing, .settle(token, .release))
        #expect(released.retryCount == 1)
        #expect(released.runAt == now)
        #expect(released.queueDeadline == nil)
    }

    @Test func heartbeatIsBoundedByTheDeadline() throws {
        let near = try step(.processing, .heartbeat(token, lease: .seconds(30)))
        #expect(near.lease?.expiresAt == now + .seconds(30))
        #expect(near.updatedAt == MachineSubject.processing.record.updatedAt)
        let far = try step(.processing, .heartbeat(token, lease: .seconds(300)))
        #expect(far.lease?.expiresAt == now + .seconds(60))
    }

    // MARK: - Time

    @Test func aLostLeaseIsRetriedImmediatelyAndCounts() throws {
        let record = try step(.leaseExpired, .expire(draw: 0.5))
        #expect(record.retryCount == 2)
        #expect(record.runAt == now)
        #expect(record.errors.map(\.kind) == [.leaseLost])
        #expect(try step(.leaseExpired, .expire(draw: 0)) { $0.retryCount = 3 }.status == .failed)
    }

    @Test func aProcessTimeoutIsAFailure() throws {
        let record = try step(.pastDeadline, .expire(draw: 0.5))
        #expect(record.errors.map(\.kind) == [.timeout])
        #expect(record.runAt == now + .seconds(10))
        #expect(try step(.pastDeadline, .expire(draw: 0)) { $0.retryCount = 3 }.status == .failed)
    }

    @Test func theQueueTimeoutStartsWhenATaskFirstBecomesReady() throws {
        let first = try step(.scheduledDue, .expire(draw: 0))
        #expect(first.queueDeadline == now + .seconds(30))
        #expect(first.version == 5)
        let retried = try step(.scheduledDue, .expire(draw: 0)) { $0.startedAt = now }
        #expect(retried.queueDeadline == nil)
    }

    @Test func aQueueTimeoutRecordsAnError() throws {
        let record = try step(.readyOverdue, .expire(draw: 0))
        #expect(record.error?.contains("30") == true)
        #expect(record.completedAt == now)
        #expect(record.queueDeadline == nil)
    }

    // MARK: - External requests

    @Test func cancelShortensTheLeaseOnce() throws {
        let record = try step(.processing, .cancel(grace: .seconds(5)))
        #expect(record.cancelRequestedAt == now)
        #expect(record.lease?.deadline == now + .seconds(5))
        #expect(record.lease?.expiresAt == now + .seconds(5))
        let again = try step(.processingCanceling, .cancel(grace: .seconds(1)))
        #expect(again == MachineSubject.processingCanceling.record)
        let patient = try step(.processing, .cancel(grace: .seconds(500)))
        #expect(patient.lease?.deadline == now + .seconds(60))
        #expect(patient.lease?.expiresAt == now + .seconds(10))
    }

    @Test func requeueStartsOver() throws {
        let record = try step(.failed, .requeue) {
            $0.startedAt = now
            $0.cancelRequestedAt = now
            $0.progress = TaskProgress(percent: 50)
            $0.error = "kept"
        }
        #expect(record.retryCount == 0)
        #expect(record.startedAt == nil)
        #expect(record.completedAt == nil)
        #expect(record.cancelRequestedAt == nil)
        #expect(record.progress == nil)
        #expect(record.queueDeadline == now + .seconds(30))
        #expect(record.error == "kept")
        #expect(record.version == 6)
    }
}
