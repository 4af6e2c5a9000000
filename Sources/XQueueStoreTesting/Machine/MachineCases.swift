import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    /// Every state × every transition: the store must do the same as the pure state machine.
    static let machineCases: [ConformanceCase] =
        MachineState.all.map { state in
            ConformanceCase(
                "machine: \(state.name)",
                harness: { harness in
                    for step in MachineStep.all { try await walk(state, step, harness) }
                })
        } + [
            ConformanceCase("machine: a claim parks and a free token unparks") { fixture in
                try await fixture.submit(fixture.task("blocker", key: "k"))
                let blocker = try await fixture.claimOne("blocker", lease: .seconds(86_400))
                let task = fixture.task(key: "k", queueTimeout: .seconds(50))
                let ready = try await fixture.submit(task)
                fixture.clock.advance(by: .seconds(1))
                #expect(try await fixture.claim().isEmpty)
                let parked = try await fixture.read(task.id)
                #expect(parked == (try fixture.expected(ready, .park)))
                fixture.clock.advance(by: .seconds(1))
                try await fixture.settle(blocker, .success(nil))
                let unparked = try await fixture.read(task.id)
                #expect(unparked == (try fixture.expected(parked, .unpark)))
                #expect(unparked == ready)
            }
        ]

    private static func walk(
        _ state: MachineState, _ step: MachineStep, _ harness: StoreHarness
    ) async throws {
        try await StoreFixture.with(harness) { fixture in
            let comment: Comment = "\(state.name) × \(step.name)"
            let subject = try await state.reach(fixture)
            let before = try await fixture.read(subject.id)
            let transition = step.transition(before, subject.token)
            let outcome = result(of: transition, on: before, at: fixture.now)
            try await MachineStep.take(
                transition, on: before, expecting: outcome, fixture, comment)
            let after = try await fixture.read(subject.id)
            #expect(after == (try? outcome.get()) ?? before, comment)
        }
    }

    private static func result(
        of transition: TaskTransition, on record: TaskRecord, at now: Timestamp
    ) -> Result<TaskRecord, TransitionRejection> {
        var machine = TaskStateMachine(record)
        do throws(TransitionRejection) {
            try machine.apply(transition, at: now)
            return .success(machine.record)
        } catch {
            return .failure(error)
        }
    }
}
