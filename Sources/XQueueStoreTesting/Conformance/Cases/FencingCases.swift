import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let fencingCases: [ConformanceCase] = [
        ConformanceCase("fencing: a worker whose lease expired changes nothing") { fixture in
            try await fixture.submit(fixture.task())
            let zombie = try await fixture.claimOne("a", lease: .seconds(10))
            try await fixture.advance(by: .seconds(10))
            let before = try await fixture.read(zombie.id)
            #expect(before.status == .pending)
            try await expectFenced(zombie, fixture)
            #expect(try await fixture.read(zombie.id) == before)
        },
        ConformanceCase("fencing: a worker cannot end the next worker's attempt") { fixture in
            try await fixture.submit(fixture.task())
            let zombie = try await fixture.claimOne("a", lease: .seconds(10))
            try await fixture.advance(by: .seconds(10))
            let next = try await fixture.claimOne()
            try await expectFenced(zombie, fixture)
            #expect(try await fixture.read(next.id) == next)
            #expect(
                try await fixture.settle(next, .success(nil)) == .settled(.success, version: next.version + 1)
            )
            try await expectFenced(zombie, fixture)
        },
        ConformanceCase("fencing: a lease that expired unnoticed still counts") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne("a", lease: .seconds(10))
            fixture.clock.advance(by: .seconds(100))
            #expect(
                try await fixture.settle(running, .success(nil)) == .settled(.success, version: 3))
        },
        ConformanceCase("fencing: an attempt is settled once") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            try await fixture.settle(running, .success(nil))
            #expect(try await fixture.settle(running, .success(nil)) == .rejected(.leaseLost))
            try await expectFenced(running, fixture)
        },
        ConformanceCase("fencing: canceled after its grace period, a late result changes nothing") {
            fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            _ = try await fixture.store.cancel([running.id], grace: .seconds(5))
            try await fixture.advance(by: .seconds(5))
            let canceled = try await fixture.read(running.id)
            #expect(canceled.status == .canceled)
            try await expectFenced(running, fixture)
            #expect(try await fixture.read(running.id) == canceled)
        },
    ]

    /// Expects every worker verb to do nothing for the attempt that `record` was claimed for.
    private static func expectFenced(_ record: TaskRecord, _ fixture: StoreFixture) async throws {
        let before = try await fixture.read(record.id)
        let attempt = try fixture.attempt(of: record)
        let outcomes: [AttemptOutcome] = [
            .success(nil), .failure(AttemptFailure("late"), draw: 0), .snooze(.seconds(1)), .release,
        ]
        for outcome in outcomes {
            let settlement = Settlement(
                attempt: attempt, outcome: outcome, progress: TaskProgress(percent: 50))
            #expect(try await fixture.store.settle([settlement]) == [.rejected(.leaseLost)])
        }
        #expect(try await fixture.store.heartbeat([attempt], lease: .seconds(99)) == [.lost])
        try await fixture.store.report([
            ProgressReport(attempt: attempt, progress: TaskProgress(percent: 99))
        ])
        #expect(try await fixture.read(record.id) == before)
    }
}
