import Testing
import XQueueCore

/// Every state × every transition: the resulting state, or why the transition is rejected.
@Suite("State machine: transition table")
struct TransitionTableTests {
    /// The result of a transition. `same` means the status does not change.
    enum Outcome: Equatable {
        case to(TaskStatus, PendingReason?)
        case same
        case rejected(TransitionRejection)

        static let ready = Outcome.to(.pending, .ready)
        static let scheduled = Outcome.to(.pending, .scheduled)
        static let parked = Outcome.to(.pending, .parked)
        static let blocked = Outcome.to(.pending, .blocked)
        static let processing = Outcome.to(.processing, nil)
        static let success = Outcome.to(.success, nil)
        static let failed = Outcome.to(.failed, nil)
        static let canceled = Outcome.to(.canceled, nil)
        static let timeout = Outcome.to(.timeout, nil)
        static let wrong = Outcome.rejected(.wrongState)
        static let lost = Outcome.rejected(.leaseLost)
        static let ended = Outcome.rejected(.alreadyEnded)
        static let notRequeueable = Outcome.rejected(.notRequeueable)
        static let notDue = Outcome.rejected(.notDue)
    }

    private static let token = MachineSubject.token
    private static let grant = ClaimGrant(
        token: LeaseToken(rawValue: 43), workerID: "w2", lease: .seconds(20), grace: .seconds(5))
    private static let failure = AttemptFailure("x")

    /// One row per transition, one column per state, in the order of ``MachineSubject``.
    private static let table: [(TaskTransition, [Outcome])] = [
        // ready, ready overdue, scheduled, scheduled due, parked, parked overdue, blocked, blocked and later,
        // processing, canceling, lease expired, past deadline, grace over, success, failed, canceled, timeout
        (
            .claim(grant),
            [
                .processing, .processing, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong,
                .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong,
            ]
        ),
        (
            .park,
            [
                .parked, .parked, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong,
                .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong,
            ]
        ),
        (
            .unpark,
            [
                .wrong, .wrong, .wrong, .wrong, .ready, .ready, .wrong, .wrong,
                .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong,
            ]
        ),
        (
            .unblock,
            [
                .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .ready, .scheduled,
                .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong, .wrong,
            ]
        ),
        (.settle(token, .success(nil)), running(.success, canceling: .success)),
        (.settle(token, .failure(failure, draw: 0.5)), running(.scheduled, canceling: .canceled)),
        (
            .settle(token, .failure(AttemptFailure("x", isPermanent: true), draw: 0)),
            running(.failed, canceling: .canceled)
        ),
        (
            .settle(token, .failure(AttemptFailure("x", retryAfter: .zero), draw: 0)),
            running(.ready, canceling: .canceled)
        ),
        (.settle(token, .snooze(.seconds(1))), running(.scheduled, canceling: .canceled)),
        (.settle(token, .snooze(.zero)), running(.ready, canceling: .canceled)),
        (.settle(token, .release), running(.ready, canceling: .canceled)),
        (.settle(grant.token, .success(nil)), all(.lost)),
        (.settle(grant.token, .failure(failure, draw: 0)), all(.lost)),
        (.settle(grant.token, .snooze(.zero)), all(.lost)),
        (.settle(grant.token, .release), all(.lost)),
        (.heartbeat(token, lease: .seconds(5)), running(.same, canceling: .same)),
        (.heartbeat(grant.token, lease: .seconds(5)), all(.lost)),
        (.progress(token, TaskProgress(percent: 5)), running(.same, canceling: .same)),
        (.progress(grant.token, TaskProgress(percent: 5)), all(.lost)),
        (
            .cancel(grace: .seconds(5)),
            Array(repeating: .canceled, count: 8) + Array(repeating: .same, count: 5)
                + Array(repeating: .ended, count: 4)
        ),
        (
            .requeue,
            Array(repeating: .notRequeueable, count: 14) + [.ready, .ready, .ready]
        ),
        (.rewrite(MachineSubject.rewrite()), waiting(.ready, scheduled: .scheduled)),
        (.rewrite(MachineSubject.rewrite(.now)), waiting(.ready, scheduled: .ready)),
        (.rewrite(MachineSubject.rewrite(.after(.seconds(1)))), waiting(.scheduled, scheduled: .scheduled)),
        (
            .rewrite(MachineSubject.rewrite(version: 99)),
            Array(repeating: .rejected(.versionConflict), count: 8)
                + Array(repeating: .rejected(.notPending), count: 9)
        ),
        (
            .expire(draw: 0.5),
            [
                .notDue, .timeout, .notDue, .ready, .notDue, .timeout, .notDue, .notDue,
                .notDue, .notDue, .ready, .scheduled, .canceled, .ended, .ended, .ended, .ended,
            ]
        ),
    ]

    private static func all(_ outcome: Outcome) -> [Outcome] {
        Array(repeating: outcome, count: MachineSubject.allCases.count)
    }

    /// A rewriting: rejected unless the task waits. One that is blocked stays so.
    private static func waiting(_ outcome: Outcome, scheduled: Outcome) -> [Outcome] {
        [outcome, outcome, scheduled, scheduled, outcome, outcome, .blocked, .blocked]
            + Array(repeating: .rejected(.notPending), count: 9)
    }

    /// A worker's transition: rejected unless its attempt is running.
    private static func running(_ outcome: Outcome, canceling: Outcome) -> [Outcome] {
        Array(repeating: .lost, count: 8) + [outcome, canceling, outcome, outcome, canceling]
            + Array(repeating: .lost, count: 4)
    }

    @Test func theTableIsComplete() {
        for (transition, outcomes) in Self.table {
            #expect(outcomes.count == MachineSubject.allCases.count, "\(transition)")
        }
    }

    @Test(arguments: MachineSubject.allCases)
    func matchesTheTable(_ subject: MachineSubject) throws {
        let column = try #require(MachineSubject.allCases.firstIndex(of: subject))
        for (transition, outcomes) in Self.table {
            let before = subject.record
            var machine = TaskStateMachine(before)
            do throws(TransitionRejection) {
                try machine.apply(transition, at: MachineSubject.now)
            } catch {
                #expect(outcomes[column] == .rejected(error), "\(subject) × \(transition)")
                #expect(machine.record == before, "\(subject) × \(transition)")
                continue
            }
            check(machine.record, came: outcomes[column], from: before, by: transition)
        }
    }

    private func check(
        _ record: TaskRecord, came outcome: Outcome, from before: TaskRecord, by transition: TaskTransition
    ) {
        let comment: Comment = "\(before) × \(transition)"
        let isRewriting = if case .rewrite = transition { true } else { false }
        switch outcome {
        case .rejected: Issue.record("\(comment) should have been rejected")
        case .same:
            #expect(record.status == before.status, comment)
            #expect(record.version == before.version, comment)
            #expect(record.lease?.token == before.lease?.token, comment)
        case .to(let status, let reason):
            #expect(record.status == status, comment)
            #expect(record.pendingReason == reason, comment)
            #expect(
                record.version == before.version + (status == before.status && !isRewriting ? 0 : 1), comment)
        }
        #expect((record.pendingReason != nil) == (record.status == .pending), comment)
        #expect((record.lease != nil) == (record.status == .processing), comment)
        #expect((record.completedAt != nil) == record.status.isFinal, comment)
        #expect(record.status != .processing || record.queueDeadline == nil, comment)
        #expect(!record.status.isFinal || record.dueAt == nil, comment)
    }
}
