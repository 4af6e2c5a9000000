import Testing
import XQueueCore

/// A transition, and the store's verb that takes it.
struct MachineStep: Sendable {
    let name: String
    let transition: @Sendable (TaskRecord, LeaseToken) -> TaskTransition

    init(name: String, _ transition: @escaping @Sendable (LeaseToken) -> TaskTransition) {
        self.name = name
        self.transition = { _, token in transition(token) }
    }

    init(rewrite name: String, _ rewriting: @escaping @Sendable (TaskRecord) -> TaskRewrite) {
        self.name = name
        transition = { record, _ in .rewrite(rewriting(record)) }
    }

    /// Every kind of transition with every kind of data, except `park` and `unpark`, which are not verbs but
    /// happen within claims.
    static let all: [MachineStep] =
        settleSteps + rewriteSteps + [
            MachineStep(name: "claim") { _ in
                .claim(
                    ClaimGrant(
                        token: LeaseToken(rawValue: 77), workerID: "w2", lease: .seconds(9),
                        grace: .seconds(3)))
            },
            MachineStep(name: "heartbeat") { .heartbeat($0, lease: .seconds(15)) },
            MachineStep(name: "long heartbeat") { .heartbeat($0, lease: .seconds(9999)) },
            MachineStep(name: "heartbeat of another") { .heartbeat($0.offset(by: 1), lease: .seconds(15)) },
            MachineStep(name: "progress") { .progress($0, TaskProgress(percent: 12.5, message: "here")) },
            MachineStep(name: "progress of another") {
                .progress($0.offset(by: 1), TaskProgress(percent: 1))
            },
            MachineStep(name: "cancel") { _ in .cancel(grace: .seconds(2)) },
            MachineStep(name: "patient cancel") { _ in .cancel(grace: .seconds(9999)) },
            MachineStep(name: "requeue") { _ in .requeue },
            MachineStep(name: "expire") { _ in .expire(draw: 0.75) },
        ]

    private static let settleSteps: [MachineStep] = {
        let outcomes: [(String, AttemptOutcome)] = [
            ("success", .success(RawJSON.null)), ("success without result", .success(nil)),
            ("failure", .failure(AttemptFailure("boom"), draw: 0.75)),
            ("permanent failure", .failure(AttemptFailure("boom", isPermanent: true), draw: 0)),
            ("failure to retry later", .failure(AttemptFailure("b", retryAfter: .seconds(7)), draw: 0)),
            ("failure to retry immediately", .failure(AttemptFailure("b", retryAfter: .zero), draw: 0)),
            ("process timeout", .failure(.processTimeout(.seconds(30)), draw: 0.1)),
            ("snooze", .snooze(.seconds(3))), ("release", .release),
        ]
        return outcomes.flatMap { name, outcome in
            [
                MachineStep(name: name) { .settle($0, outcome) },
                MachineStep(name: "\(name) of another") { .settle($0.offset(by: 1), outcome) },
            ]
        }
    }()

    private static let rewriteSteps: [MachineStep] = {
        let rewritings: [(String, NewTask.Schedule?, Duration?)] = [
            ("rewrite", nil, .seconds(20)), ("rewrite with another queue timeout", nil, .seconds(40)),
            ("rewrite without timeouts", nil, nil), ("rewrite to run now", .now, .seconds(20)),
            ("rewrite to run later", .after(.seconds(90)), .seconds(20)),
            ("rewrite to run at a time", .at(Timestamp(milliseconds: 4_000_000_000_000)), .seconds(20)),
            ("rewrite to run in the past", .at(Timestamp(milliseconds: 1)), .seconds(20)),
        ]
        return rewritings.map { name, schedule, queueTimeout in
            MachineStep(rewrite: name) { before in
                var definition = before.definition
                definition.payload = RawJSON(trusted: "[\"another\"]")
                definition.priority = 3
                definition.queueTimeout = queueTimeout
                return TaskRewrite(
                    id: before.id, version: before.version, definition: definition, schedule: schedule)
            }
        } + [
            MachineStep(rewrite: "rewrite of another version") { before in
                TaskRewrite(id: before.id, version: before.version + 1, definition: before.definition)
            }
        ]
    }()

    /// Takes the step on the store, and expects the verb's result to match the machine's `outcome`.
    static func take(
        _ transition: TaskTransition, on before: TaskRecord,
        expecting outcome: Result<TaskRecord, TransitionRejection>, _ fixture: StoreFixture,
        _ comment: Comment
    ) async throws {
        let store = fixture.store
        switch transition {
        case .claim(let grant):
            let request = ClaimRequest(types: [MachineState.type], count: 1, grant: grant)
            let claimed = try await store.claim(request).tasks
            #expect(claimed == (try? outcome.get()).map { [$0] } ?? [], comment)
        case .settle(let token, let end):
            let attempt = AttemptID(taskID: before.id, token: token)
            let answer = try await store.settle([Settlement(attempt: attempt, outcome: end)])
            switch outcome {
            case .success(let record):
                #expect(answer == [.settled(record.status, version: record.version)], comment)
            case .failure(let rejection):
                #expect(answer == [.rejected(rejection)], comment)
            }
        case .heartbeat(let token, let lease):
            let attempt = AttemptID(taskID: before.id, token: token)
            let answer = try await store.heartbeat([attempt], lease: lease)
            let held: HeartbeatOutcome = before.cancelRequestedAt == nil ? .held : .cancelRequested
            #expect(answer == [(try? outcome.get()) == nil ? .lost : held], comment)
        case .progress(let token, let progress):
            let attempt = AttemptID(taskID: before.id, token: token)
            try await store.report([ProgressReport(attempt: attempt, progress: progress)])
        case .cancel(let grace):
            let answer = try await store.cancel([before.id], grace: grace)
            #expect(answer == [change(outcome, before)], comment)
        case .requeue:
            #expect(try await store.requeue([before.id]) == [change(outcome, before)], comment)
        case .rewrite(let rewrite):
            #expect(try await store.rewrite(rewrite) == change(outcome, before), comment)
        case .expire(let draw):
            let changed = try await store.sweep(limit: 100, draw: .same(draw)).changed
            #expect(changed == ((try? outcome.get()) == nil ? 0 : 1), comment)
        case .park, .unpark, .unblock:
            Issue.record("not a verb of its own", sourceLocation: #_sourceLocation)
        }
    }

    private static func change(
        _ outcome: Result<TaskRecord, TransitionRejection>, _ before: TaskRecord
    ) -> ChangeOutcome {
        switch outcome {
        case .success(let record): .changed(record)
        case .failure(let rejection): .rejected(rejection, before)
        }
    }
}
