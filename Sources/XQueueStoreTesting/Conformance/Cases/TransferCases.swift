import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let transferCases: [ConformanceCase] = stateCases + takingCases

    /// A task in each state: its copy is the same, and evolves the same way.
    private static let stateCases = MachineState.all.map { state in
        pairCase("transfer: \(state.name)") { pair in
            let subject = try await state.reach(pair.source)
            #expect(Set(try await pair.copy()) == [.adopted])
            try await pair.expectSame("after the copy")
            #expect(Set(try await pair.copy()) == [.known])
            try await pair.expectSame("after a second copy")
            let grant = pair.source.grant()
            try await pair.both { fixture in
                let request = ClaimRequest(types: [MachineState.type, "blocker"], count: 9, grant: grant)
                return try await fixture.store.claim(request).tasks
            }
            try await pair.expectSame("after a claim")
            try await pair.both { fixture in
                let attempt = AttemptID(taskID: subject.id, token: subject.token)
                return try await fixture.store.settle([
                    Settlement(attempt: attempt, outcome: .success(RawJSON(trusted: "[1]")))
                ])
            }
            try await pair.expectSame("after an end")
            for wait in [1, 30, 600] {
                pair.source.clock.advance(by: .seconds(wait))
                try await pair.both { try await $0.store.sweep(limit: 100, draw: 0.5) }
                try await pair.expectSame("\(wait) s later")
            }
            try await pair.both { try await $0.store.cancel([subject.id], grace: .zero) }
            try await pair.both { try await $0.store.requeue([subject.id]) }
            try await pair.expectSame("in the end")
            pair.source.clock.advance(by: .seconds(1000))
            try await pair.both {
                try await $0.store.prune(Retention(age: .seconds(500), count: 99), limit: 9)
            }
            try await pair.expectSame("after the retention")
        }
    }

    static func pairCase(
        _ name: String, _ body: @escaping @Sendable (TransferPair) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(name, harness: { try await TransferPair.with($0, body) })
    }

    private static let takingCases: [ConformanceCase] = [
        pairCase("transfer: copies every field, and large contents") { pair in
            try await pair.source.submit([
                pair.source.elaborateTask(schedule: .now), pair.source.task("a", bytes: 9000),
            ])
            for record in try await pair.source.claim(["a", "b"], count: 2) {
                let result = RawJSON(trusted: "\"" + String(repeating: "r", count: 5000) + "\"")
                try await pair.source.settle(record, .success(result))
            }
            try await pair.copy()
            try await pair.expectSame("after the copy")
        },
        pairCase("transfer: claims come in the same order") { pair in
            for priority: Int32 in [0, 5, -2, 5, 0, 9, -2] {
                try await pair.source.submit([
                    pair.source.task("a", priority: priority), pair.source.task("b", priority: priority),
                ])
                pair.source.clock.advance(by: .milliseconds(3))
            }
            try await pair.copy(pageSize: 4)
            let grant = pair.source.grant()
            try await pair.both { fixture in
                let request = ClaimRequest(types: ["a", "b"], count: 99, grant: grant)
                return try await fixture.store.claim(request).tasks
            }
        },
        pairCase("transfer: only an unfinished task holds its unique key") { pair in
            let (held, free) = (pair.source.task(uniqueKey: "u"), pair.source.task("b", uniqueKey: "u"))
            try await pair.source.submit([held, free])
            try await pair.source.settle(try await pair.source.claimOne("b"), .success(nil))
            try await pair.copy()
            let (again, other) = (pair.source.task(uniqueKey: "u"), pair.source.task("b", uniqueKey: "u"))
            #expect(try await pair.target.submit([again, other]).ids == [held.id, other.id])
            try await pair.target.settle(try await pair.target.claimOne(), .success(nil))
            #expect(try await pair.target.submit(again).id == again.id)
        },
        pairCase("transfer: a task that another one waits for holds its key, although its window is over") {
            pair in
            try await pair.source.submit(pair.source.task(unique: .windowed(.window)))
            let running = try await pair.source.claimOne()
            let next = try await pair.source.submit(pair.source.task(unique: .usual, .rerun))
            pair.source.clock.advance(by: .seconds(60))
            try await pair.copy(pageSize: 1)
            let another = pair.source.task(unique: .usual)
            #expect(try await pair.target.answer(to: another) == .existing(running))
            try await pair.target.settle(running, .success(nil))
            #expect(try await pair.target.answer(to: another)?.record.id == next.id)
            #expect(try await pair.target.claimOne().id == next.id)
        },
        pairCase("transfer: a key whose window is over is not held again") { pair in
            try await pair.source.submit(pair.source.task(unique: .windowed(.window)))
            _ = try await pair.source.claimOne()
            pair.source.clock.advance(by: .seconds(60))
            #expect(try await pair.source.store.copies(TaskQuery()).copies.map(\.holdsUniqueKey) == [false])
        },
        pairCase("transfer: existing tasks stay, and a unique key has one holder") { pair in
            let (same, other) = (pair.source.task(), pair.source.task(uniqueKey: "u"))
            try await pair.source.submit([same, other])
            try await pair.target.submit([same, pair.source.task(uniqueKey: "u")])
            _ = try await pair.target.store.cancel([same.id], grace: .zero)
            #expect(try await pair.copy() == [.uniqueKeyTaken, .differs])
            #expect(try await pair.target.read(same.id).status == .canceled)
            #expect(try await pair.target.store.task(other.id) == nil)
            #expect(try await pair.target.store.tasks(TaskQuery()).total == 2)
        },
        pairCase("transfer: parked tasks wait for a running task that was copied, too") { pair in
            try await pair.source.submit((0..<6).map { pair.source.task(priority: $0 % 2, key: "k") })
            let running = try #require(try await pair.source.claim(count: 9).first)
            try await pair.copy(pageSize: 2)
            try await pair.expectSame("after the copy")
            let grant = pair.source.grant()
            for _ in 0..<2 {
                try await pair.both { try await $0.settle(running, .success(nil)) }
                try await pair.both { fixture in
                    let request = ClaimRequest(types: ["a"], count: 9, grant: grant)
                    return try await fixture.store.claim(request).tasks
                }
                try await pair.expectSame("after a turn")
            }
        },
        pairCase("transfer: parked tasks become ready in the end if the running one was not copied") { pair in
            try await pair.source.submit((0..<3).map { _ in pair.source.task(key: "k") })
            let running = try await pair.source.claim(count: 9).ids
            let parked = try await pair.source.store.copies(TaskQuery()).copies.filter {
                !running.contains($0.record.id)
            }
            _ = try await pair.target.store.adopt(parked, note: "")
            #expect(try await pair.target.claim(count: 9).isEmpty)
            try await pair.target.store.endTransfer(note: "")
            #expect(try await pair.target.claim(count: 9).ids == [parked[1].record.id])
        },
        pairCase("transfer: limits count running tasks") { pair in
            try await pair.source.submit((0..<3).map { _ in pair.source.task() })
            try await pair.source.store.setLimit(1, ofType: "a")
            try await pair.source.store.setPaused(true, type: "b")
            _ = try await pair.source.claimOne()
            try await pair.copy()
            try await pair.expectSame("after the copy")
            #expect(try await pair.target.claim(count: 9).isEmpty)
        },
        pairCase("transfer: ended tasks are removed by age and by count") { pair in
            for _ in 0..<6 {
                let records = try await pair.source.submit([pair.source.task(), pair.source.task("b")])
                pair.source.clock.advance(by: .seconds(10))
                _ = try await pair.source.store.cancel(records.ids, grace: .zero)
            }
            try await pair.copy(pageSize: 5)
            for retention in [
                Retention(age: .seconds(35), count: 99), Retention(age: .seconds(99), count: 3),
            ] {
                try await pair.both { try await $0.store.prune(retention, limit: 99) }
                try await pair.expectSame("after the retention")
            }
        },
        pairCase("transfer: no events are written, and the note is saved with the tasks") { pair in
            try await pair.source.submit(pair.source.task())
            #expect(try await pair.target.store.transferNote() == nil)
            let page = try await pair.source.store.copies(TaskQuery())
            #expect(try await pair.target.store.adopt(page.copies, note: "half \u{e9}") == [.adopted])
            #expect(try await pair.target.store.transferNote() == "half \u{e9}")
            #expect(try await pair.target.store.adopt([], note: "more") == [])
            #expect(try await pair.target.store.transferNote() == "more")
            try await pair.target.store.endTransfer(note: "all")
            #expect(try await pair.target.store.transferNote() == "all")
            let events = try await pair.target.store.events(after: .start, limit: 9, waiting: .zero)
            #expect(events.events.isEmpty)
            let running = try await pair.target.claimOne()
            #expect(
                try await pair.target.store.events(after: .start, limit: 9, waiting: .zero).events.map(
                    \.taskID)
                    == [running.id])
        },
    ]
}
