import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let pruneCases: [ConformanceCase] = [
        ConformanceCase("prune: removes ended tasks older than the age") { fixture in
            let old = try await finish(3, fixture)
            fixture.clock.advance(by: .seconds(100))
            let young = try await finish(2, fixture)
            let retention = Retention(age: .seconds(50), count: 1000)
            #expect(try await fixture.store.prune(retention, limit: 100) == 3)
            for id in old { #expect(try await fixture.store.task(id) == nil) }
            for id in young { #expect(try await fixture.store.task(id) != nil) }
            #expect(try await fixture.store.tasks(TaskQuery()).total == 2)
            #expect(try await fixture.store.prune(retention, limit: 100) == 0)
        },
        ConformanceCase("prune: removes the oldest beyond the count") { fixture in
            var ids: [TaskID] = []
            for _ in 0..<6 {
                ids += try await finish(1, fixture)
                fixture.clock.advance(by: .seconds(1))
            }
            let retention = Retention(age: .seconds(1000), count: 4)
            #expect(try await fixture.store.prune(retention, limit: 100) == 2)
            #expect(try await fixture.store.tasks(TaskQuery()).tasks.ids == ids.suffix(4).reversed())
        },
        ConformanceCase("prune: a task that ended twice at the same time counts once") { fixture in
            let ids = try await fixture.submit((0..<2).map { _ in fixture.task() }).ids
            _ = try await fixture.store.cancel(ids, grace: .zero)
            _ = try await fixture.store.requeue(ids)
            _ = try await fixture.store.cancel(ids, grace: .zero)
            fixture.clock.advance(by: .seconds(100))
            let retention = Retention(age: .seconds(50), count: 1000)
            #expect(try await fixture.store.prune(retention, limit: 1) == 1)
            #expect(try await fixture.store.tasks(TaskQuery()).total == 1)
            #expect(try await fixture.store.prune(retention, limit: 100) == 1)
            #expect(try await fixture.store.tasks(TaskQuery()).total == 0)
        },
        ConformanceCase("prune: removes no more than its limit") { fixture in
            _ = try await finish(10, fixture)
            fixture.clock.advance(by: .seconds(100))
            let retention = Retention(age: .seconds(50), count: 1000)
            #expect(try await fixture.store.prune(retention, limit: 4) == 4)
            #expect(try await fixture.store.tasks(TaskQuery()).total == 6)
            #expect(try await fixture.store.prune(retention, limit: 4) == 4)
            #expect(try await fixture.store.prune(retention, limit: 4) == 2)
        },
        ConformanceCase("prune: keeps unfinished tasks") { fixture in
            try await fixture.submit(fixture.task())
            _ = try await fixture.claimOne()
            try await fixture.submit([fixture.task(), fixture.task(schedule: .after(.seconds(9999)))])
            fixture.clock.advance(by: .seconds(1000))
            #expect(try await fixture.store.prune(Retention(age: .zero, count: 0), limit: 100) == 0)
            #expect(try await fixture.store.tasks(TaskQuery()).total == 3)
        },
        ConformanceCase("prune: measures age from the end, and disregards a requeued end") { fixture in
            let record = try await fixture.submit(fixture.task())
            fixture.clock.advance(by: .seconds(1000))
            _ = try await fixture.store.cancel([record.id], grace: .zero)
            let retention = Retention(age: .seconds(50), count: 1000)
            #expect(try await fixture.store.prune(retention, limit: 100) == 0)
            fixture.clock.advance(by: .seconds(100))
            _ = try await fixture.store.requeue([record.id])
            #expect(try await fixture.store.prune(retention, limit: 100) == 0)
            #expect(try await fixture.claim().ids == [record.id])
        },
        ConformanceCase("prune: frees the identifier and the unique key") { fixture in
            let task = fixture.task(uniqueKey: "u")
            try await fixture.submit(task)
            try await fixture.settle(try await fixture.claimOne(), .success(nil))
            fixture.clock.advance(by: .seconds(100))
            let retention = Retention(age: .seconds(50), count: 1000)
            #expect(try await fixture.store.prune(retention, limit: 100) == 1)
            let outcome = try await fixture.store.insert([task])
            #expect(outcome == [.inserted(TaskStateMachine.submit(task, at: fixture.now))])
        },
    ]

    private static func finish(_ count: Int, _ fixture: StoreFixture) async throws -> [TaskID] {
        try await fixture.submit((0..<count).map { _ in fixture.task() })
        let running = try await fixture.claim(count: count)
        for record in running { try await fixture.settle(record, .success(nil)) }
        return running.ids
    }
}
