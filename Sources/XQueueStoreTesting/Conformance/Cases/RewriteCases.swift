import Testing
import XQueueCore

extension StoreConformance {
    static let rewriteCases: [ConformanceCase] = [
        ConformanceCase("rewrite: every field of the definition changes") { fixture in
            let elaborate = fixture.elaborateTask(schedule: .now)
            let old = try await fixture.submit(fixture.task("b"))
            let rewrite = TaskRewrite(id: old.id, version: 1, definition: elaborate.definition)
            let changed = try fixture.expected(old, .rewrite(rewrite))
            #expect(changed.definition == elaborate.definition)
            #expect(try await fixture.store.rewrite(rewrite) == .changed(changed))
            #expect(try await fixture.read(old.id) == changed)
        },
        ConformanceCase("rewrite: payloads grow and shrink") { fixture in
            var record = try await fixture.submit(fixture.task(bytes: 10))
            for bytes in [100_000, 20, 3000, 5000, 2] {
                let definition = fixture.task(bytes: bytes).definition
                let rewrite = TaskRewrite(id: record.id, version: record.version, definition: definition)
                record = try fixture.expected(record, .rewrite(rewrite))
                #expect(try await fixture.store.rewrite(rewrite) == .changed(record))
            }
            #expect(try await fixture.claimOne().payload == record.payload)
        },
        ConformanceCase("rewrite: a task is claimed by its new priority, and listed in its place") {
            fixture in
            let records = try await fixture.submit((0..<3).map { _ in fixture.task() })
            try await fixture.rewrite(records[2]) { $0.priority = 1 }
            try await fixture.rewrite(records[0]) { $0.priority = -1 }
            let order = try await fixture.claim(count: 3).ids
            #expect(order == [records[2].id, records[1].id, records[0].id])
            #expect(
                try await fixture.store.tasks(TaskQuery(limit: 9)).tasks.ids == records.reversed().map(\.id))
        },
        ConformanceCase("rewrite: later, sooner, and at once") { fixture in
            let record = try await fixture.submit(fixture.task(queueTimeout: .seconds(30)))
            let later = try await fixture.rewrite(record, .after(.seconds(60)))
            #expect(later.pendingReason == .scheduled && later.queueDeadline == nil)
            #expect(try await fixture.claim().isEmpty)
            let sooner = try await fixture.rewrite(later, .after(.seconds(40)))
            try await fixture.advance(by: .seconds(40))
            #expect(try await fixture.reason(sooner) == .ready)
            let last = try await fixture.rewrite(try await fixture.read(record.id), .after(.seconds(50)))
            let ready = try await fixture.rewrite(last, .now)
            #expect(ready.pendingReason == .ready && ready.queueDeadline == fixture.now + .seconds(30))
            // The time it had before must not start it, nor end it.
            try await fixture.advance(by: .seconds(29))
            #expect(try await fixture.claimOne().id == record.id)
        },
        ConformanceCase("rewrite: the concurrency key decides anew") { fixture in
            try await fixture.submit(fixture.task("blocker", key: "k"))
            let blocker = try await fixture.claimOne("blocker")
            let parked = try await fixture.submit(fixture.task(key: "k"))
            #expect(try await fixture.claim().isEmpty)
            #expect(try await fixture.reason(parked) == .parked)
            let free = try await fixture.rewrite(try await fixture.read(parked.id)) { $0.concurrency = nil }
            #expect(free.pendingReason == .ready)
            try await fixture.rewrite(free) { $0.concurrency = ConcurrencyLimit(key: "k", limit: 1) }
            #expect(try await fixture.claim().isEmpty)
            let query = TaskQuery(concurrencyKey: "k", limit: 9)
            #expect(try await fixture.store.tasks(query).tasks.ids == [parked.id, blocker.id])
            try await fixture.settle(blocker, .success(nil))
            #expect(try await fixture.claimOne().id == parked.id)
        },
        ConformanceCase("rewrite: a parked task takes over when the ready one ahead of it leaves") {
            fixture in
            try await fixture.submit(fixture.task("blocker", key: "k"))
            let blocker = try await fixture.claimOne("blocker")
            let tasks = try await fixture.submit((0..<2).map { _ in fixture.task(key: "k") })
            #expect(try await fixture.claim(count: 2).isEmpty)
            try await fixture.settle(blocker, .success(nil))
            #expect(try await fixture.reason(tasks[0]) == .ready)
            #expect(try await fixture.reason(tasks[1]) == .parked)
            try await fixture.rewrite(tasks[0], .after(.seconds(60)))
            #expect(try await fixture.claimOne().id == tasks[1].id)
        },
        ConformanceCase("rewrite: a unique key moves with its task") { fixture in
            let first = try await fixture.submit(fixture.task(uniqueKey: "u"))
            let second = try await fixture.submit(fixture.task(uniqueKey: "v"))
            let taken = TaskRewrite(
                id: second.id, version: 1, definition: fixture.task(uniqueKey: "u").definition)
            #expect(try await fixture.store.rewrite(taken) == .rejected(.uniqueKeyTaken, second))
            let moved = try await fixture.rewrite(first) { $0.uniqueKey = "w" }
            #expect(try await fixture.store.insert([fixture.task(uniqueKey: "w")]) == [.existing(moved)])
            #expect(try await fixture.store.rewrite(taken).isChange)
            // The keys they had are free.
            let next = try await fixture.submit(fixture.task(uniqueKey: "v"))
            #expect(next.version == 1)
            let bare = try await fixture.rewrite(moved) { $0.uniqueKey = nil }
            #expect(bare.uniqueKey == nil)
            #expect(try await fixture.submit(fixture.task(uniqueKey: "w")).id != first.id)
        },
        ConformanceCase("rewrite: a task that runs, has ended or is gone stays as it is") { fixture in
            let record = try await fixture.submit(fixture.task())
            let claimed = try await fixture.claimOne()
            let running = TaskRewrite(id: record.id, version: claimed.version, definition: record.definition)
            #expect(try await fixture.store.rewrite(running) == .rejected(.notPending, claimed))
            try await fixture.settle(claimed, .success(nil))
            let ended = try await fixture.read(record.id)
            #expect(try await fixture.store.rewrite(running) == .rejected(.notPending, ended))
            let unknown = TaskRewrite(id: fixture.nextID(), version: 1, definition: record.definition)
            #expect(try await fixture.store.rewrite(unknown) == .rejected(.notFound, nil))
        },
        ConformanceCase("rewrite: is an event, and no change of counts") { fixture in
            let record = try await fixture.submit(fixture.task())
            let before = try await fixture.store.statistics()
            try await fixture.rewrite(record) { $0.metadata = try? RawJSON(#"{"user":7}"#) }
            let events = try await fixture.store.events(after: .start, limit: 9, waiting: .zero).events
            guard case .status(let change) = try #require(events.last).change else {
                Issue.record("not a change of status", sourceLocation: #_sourceLocation)
                return
            }
            #expect(change.isRewriting && change.version == 2)
            #expect(events.last?.metadata?.text == #"{"user":7}"#)
            let after = try await fixture.store.statistics()
            #expect(after.types == before.types)
        },
    ]
}

extension StoreFixture {
    /// Rewrites a task that waits.
    @discardableResult
    func rewrite(
        _ record: TaskRecord, _ schedule: NewTask.Schedule? = nil,
        _ change: (inout TaskDefinition) -> Void = { _ in }
    ) async throws -> TaskRecord {
        var definition = record.definition
        change(&definition)
        let rewrite = TaskRewrite(
            id: record.id, version: record.version, definition: definition, schedule: schedule)
        let expected = try expected(record, .rewrite(rewrite))
        #expect(try await store.rewrite(rewrite) == .changed(expected))
        return expected
    }
}

extension ChangeOutcome {
    fileprivate var isChange: Bool {
        if case .changed = self { true } else { false }
    }
}
