import Testing
import XQueueCore
import XQueueTesting

/// Clocks that are wrong, or are set.
extension StoreConformance {
    private static let year = Duration.seconds(366 * 86_400)

    static let clockCases: [ConformanceCase] = [
        ConformanceCase("clock: returns the current time") { fixture in
            let first = try await fixture.store.now()
            #expect(first == fixture.now)
            fixture.clock.advance(by: .seconds(5))
            #expect(try await fixture.store.now() == first + .seconds(5))
        },
        ConformanceCase("clock: a task with a future identifier is pruned by its end") { fixture in
            for ahead in [Duration.milliseconds(1), .seconds(3600), .seconds(86_400), year] {
                var task = fixture.task()
                task.id = TaskID.lowest(at: fixture.now + ahead)
                try await fixture.submit(task)
                try await fixture.settle(try await fixture.claimOne(), .success(nil))
            }
            fixture.clock.advance(by: .seconds(50))
            let retention = Retention(age: .seconds(50), count: 1000)
            #expect(try await fixture.store.prune(retention, limit: 100) == 0)
            fixture.clock.advance(by: .milliseconds(1))
            #expect(try await fixture.store.prune(retention, limit: 3) == 3)
            #expect(try await fixture.store.prune(retention, limit: 100) == 1)
            #expect(try await fixture.store.tasks(TaskQuery()).total == 0)
        },
        ConformanceCase("clock: a requeued end with a future identifier is disregarded") { fixture in
            var task = fixture.task()
            task.id = TaskID.lowest(at: fixture.now + year)
            let record = try await fixture.submit(task)
            _ = try await fixture.store.cancel([record.id], grace: .zero)
            _ = try await fixture.store.requeue([record.id])
            fixture.clock.advance(by: .seconds(100))
            let retention = Retention(age: .seconds(50), count: 1000)
            #expect(try await fixture.store.prune(retention, limit: 100) == 0)
            try await fixture.settle(try await fixture.claimOne(), .success(nil))
            #expect(try await fixture.store.prune(retention, limit: 100) == 0)
            fixture.clock.advance(by: .seconds(51))
            #expect(try await fixture.store.prune(retention, limit: 100) == 1)
        },
        ConformanceCase("clock: ends in the future do not prevent the removal of others") { fixture in
            let retention = Retention(age: .seconds(50), count: 1000)
            fixture.clock.step(by: year)
            let ahead = try await end(450, fixture)
            fixture.clock.step(by: .zero - year)
            let first = try await end(250, fixture)
            #expect(try await fixture.store.prune(retention, limit: 1000) == 0)
            fixture.clock.advance(by: .seconds(40))
            let second = try await end(3, fixture)
            fixture.clock.advance(by: .seconds(11))
            #expect(try await fixture.store.prune(retention, limit: 1000) == first.count)
            for id in first { #expect(try await fixture.store.task(id) == nil) }
            fixture.clock.advance(by: .seconds(40))
            #expect(try await fixture.store.prune(retention, limit: 1000) == second.count)
            #expect(try await fixture.store.tasks(TaskQuery()).total == ahead.count)
            fixture.clock.advance(by: year)
            #expect(try await fixture.store.prune(retention, limit: 1000) == ahead.count)
        },
        ConformanceCase("clock: ages are never negative") { fixture in
            fixture.clock.step(by: .seconds(17_990))
            try await fixture.submit(fixture.task())
            fixture.clock.step(by: .seconds(-17_990))
            #expect(try await fixture.store.statistics().oldestPendingAge == .zero)
        },
        ConformanceCase("clock: the next due time is a duration by the store's clock") { fixture in
            try await fixture.submit(fixture.task(schedule: .after(.seconds(30))))
            #expect(try await fixture.store.sweep(limit: 10, draw: 0.0).nextDueIn == .seconds(30))
            fixture.clock.advance(by: .seconds(12))
            #expect(try await fixture.store.sweep(limit: 10, draw: 0.0).nextDueIn == .seconds(18))
        },
    ]

    private static func end(_ count: Int, _ fixture: StoreFixture) async throws -> [TaskID] {
        let records = try await fixture.submit((0..<count).map { _ in fixture.task() })
        _ = try await fixture.store.cancel(records.ids, grace: .zero)
        return records.ids
    }
}
