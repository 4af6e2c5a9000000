import XQueueCore
import XQueueTesting

/// A state in a task's lifecycle, with the verbs that lead to it.
struct MachineState: Sendable {
    /// The task, and the token of its current or last attempt.
    struct Subject: Sendable {
        let id: TaskID
        let token: LeaseToken
    }

    let name: String
    let reach: @Sendable (StoreFixture) async throws -> Subject

    init(_ name: String, _ reach: @escaping @Sendable (StoreFixture) async throws -> Subject) {
        self.name = name
        self.reach = reach
    }

    /// The type of the task under test; blockers have another type, so that no step affects them.
    static let type = "subject"

    private static func waiting(
        _ name: String, after wait: Duration = .zero,
        _ change: @escaping @Sendable (inout NewTask) -> Void = { _ in }
    ) -> MachineState {
        MachineState(name) { fixture in
            var task = fixture.task(type, queueTimeout: .seconds(20), processTimeout: .seconds(30))
            change(&task)
            try await fixture.submit(task)
            fixture.clock.advance(by: wait)
            return Subject(id: task.id, token: LeaseToken(rawValue: 7))
        }
    }

    private static func parked(_ name: String, after wait: Duration = .zero) -> MachineState {
        MachineState(name) { fixture in
            try await fixture.submit(fixture.task("blocker", key: "k"))
            _ = try await fixture.claimOne("blocker", lease: .seconds(86_400))
            let task = fixture.task(type, key: "k", queueTimeout: .seconds(20))
            try await fixture.submit(task)
            _ = try await fixture.claim([type])
            fixture.clock.advance(by: wait)
            return Subject(id: task.id, token: LeaseToken(rawValue: 7))
        }
    }

    private static func running(
        _ name: String, maxRetry: Int = 3, processTimeout: Duration? = .seconds(30),
        then: @escaping @Sendable (StoreFixture, TaskRecord) async throws -> Void = { _, _ in }
    ) -> MachineState {
        MachineState(name) { fixture in
            let task = fixture.task(
                type, maxRetry: maxRetry, queueTimeout: .seconds(20), processTimeout: processTimeout)
            try await fixture.submit(task)
            fixture.clock.advance(by: .seconds(1))
            let record = try await fixture.claimOne(type, lease: .seconds(10))
            let token = try fixture.attempt(of: record).token
            fixture.clock.advance(by: .seconds(2))
            try await then(fixture, record)
            return Subject(id: task.id, token: token)
        }
    }

    private static let failure = AttemptOutcome.failure(AttemptFailure("broken"), draw: 0.25)

    static let all: [MachineState] = [
        waiting("ready"),
        waiting("ready without timeouts") {
            $0.queueTimeout = nil
            $0.processTimeout = nil
        },
        waiting("ready with a key") { $0.concurrency = ConcurrencyLimit(key: "free", limit: 1) },
        waiting("ready past its queue timeout", after: .seconds(20)),
        waiting("scheduled") { $0.schedule = .after(.seconds(60)) },
        waiting("scheduled and due", after: .seconds(60)) { $0.schedule = .after(.seconds(60)) },
        parked("parked"),
        parked("parked past its queue timeout", after: .seconds(20)),
        running("processing"),
        running("processing without a process timeout", processTimeout: nil),
        running("processing, no retry left", maxRetry: 0),
        running("processing with progress") { fixture, record in
            let report = ProgressReport(
                attempt: try fixture.attempt(of: record), progress: TaskProgress(percent: 40, message: "m"))
            try await fixture.store.report([report])
        },
        running("processing, lease expired") { fixture, _ in fixture.clock.advance(by: .seconds(10)) },
        running("processing, lease expired, no retry left", maxRetry: 0) { fixture, _ in
            fixture.clock.advance(by: .seconds(10))
        },
        running("processing past its deadline") { fixture, _ in fixture.clock.advance(by: .seconds(60)) },
        running("processing past its deadline, no retry left", maxRetry: 0) { fixture, _ in
            fixture.clock.advance(by: .seconds(60))
        },
        running("processing, cancel requested") { fixture, record in
            _ = try await fixture.store.cancel([record.id], grace: .seconds(5))
        },
        running("processing, cancel requested, grace expired") { fixture, record in
            _ = try await fixture.store.cancel([record.id], grace: .seconds(5))
            fixture.clock.advance(by: .seconds(5))
        },
        running("waiting for a retry") { try await $0.settle($1, failure) },
        running("waiting for a retry that is due") { fixture, record in
            try await fixture.settle(record, failure)
            fixture.clock.advance(by: .seconds(10))
        },
        running("released") { try await $0.settle($1, .release) },
        running("snoozed") { try await $0.settle($1, .snooze(.seconds(5))) },
        running("ready after a lost lease") { fixture, _ in try await fixture.advance(by: .seconds(10)) },
        running("success") { try await $0.settle($1, .success(RawJSON.null)) },
        running("failed", maxRetry: 0) { try await $0.settle($1, failure) },
        running("canceled while running") { fixture, record in
            _ = try await fixture.store.cancel([record.id], grace: .seconds(5))
            try await fixture.settle(record, .release)
        },
        MachineState("canceled while pending") { fixture in
            let record = try await fixture.submit(fixture.task(type))
            _ = try await fixture.store.cancel([record.id], grace: .seconds(5))
            return Subject(id: record.id, token: LeaseToken(rawValue: 7))
        },
        MachineState("timeout") { fixture in
            let record = try await fixture.submit(fixture.task(type, queueTimeout: .seconds(20)))
            try await fixture.advance(by: .seconds(20))
            return Subject(id: record.id, token: LeaseToken(rawValue: 7))
        },
    ]
}
