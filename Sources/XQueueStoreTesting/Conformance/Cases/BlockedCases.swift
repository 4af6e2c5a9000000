import Testing
import XQueueCore
import XQueueTesting

/// Tasks that wait for the holder of their unique key, and what could make a store forget them.
extension StoreConformance {
    static let blockedCases: [ConformanceCase] = [
        ConformanceCase("blocked: not forgotten when the window of the holder's key is over") { fixture in
            try await fixture.submit(fixture.task(unique: .windowed(.window)))
            let running = try await fixture.claimOne()
            let next = try await fixture.submit(fixture.task(unique: .usual, .rerun))
            #expect(next.pendingReason == .blocked)
            fixture.clock.advance(by: .seconds(60))
            #expect(try await fixture.answer(to: fixture.task(unique: .usual)) == .existing(running))
            try await fixture.settle(running, .success(nil))
            #expect(try await fixture.claimOne().id == next.id)
        },
        ConformanceCase("blocked: not forgotten when the holder is rewritten between two attempts") {
            fixture in
            let first = try await fixture.submit(fixture.task(unique: .usual))
            let running = try await fixture.claimOne()
            let next = try await fixture.submit(fixture.task(unique: .usual, .rerun))
            try await fixture.settle(running, .failure(AttemptFailure("x"), draw: 0.5))
            try await fixture.rewrite(try await fixture.read(first.id)) { $0.unique = .windowed(.window) }
            fixture.clock.advance(by: .seconds(60))
            let other = try #require(try await fixture.answer(to: fixture.task(unique: .usual)))
            #expect(other.record.id == first.id)
            _ = try await fixture.store.cancel([first.id], grace: .zero)
            #expect(try await fixture.claimOne().id == next.id)
        },
        ConformanceCase("blocked: is not the oldest task that waits for a worker") { fixture in
            try await fixture.submit(fixture.task(unique: .usual))
            _ = try await fixture.claimOne()
            _ = try await fixture.store.insert([fixture.task(unique: .usual, .rerun)])
            fixture.clock.advance(by: .seconds(5))
            #expect(try await fixture.store.statistics().oldestPendingAge == nil)
            try await fixture.submit(fixture.task())
            fixture.clock.advance(by: .seconds(2))
            #expect(try await fixture.store.statistics().oldestPendingAge == .seconds(2))
        },
        ConformanceCase("blocked: counts for the backlog", limits: .init(maxBacklog: 1)) { fixture in
            try await fixture.submit(fixture.task(unique: .usual))
            let running = try await fixture.claimOne()
            let other = try await fixture.submit(fixture.task())
            await fixture.expect(.backlogFull) { () async throws(StoreError) in
                try await fixture.store.insert([fixture.task(unique: .usual, .rerun)])
            }
            #expect(try await fixture.answer(to: fixture.task(unique: .usual)) == .existing(running))
            _ = try await fixture.store.cancel([other.id], grace: .zero)
            let next = try await fixture.submit(fixture.task(unique: .usual, .rerun))
            #expect(next.pendingReason == .blocked)
            // It is full again, but this one takes the place of the task that waits.
            #expect(try await fixture.submit(fixture.task(unique: .usual, .rerun)).id == next.id)
        },
        ConformanceCase("blocked: its delay is as long when the clock is set", requires: .followsClockSteps) {
            fixture in
            let first = try await fixture.submit(fixture.task(unique: .usual))
            _ = try await fixture.claimOne()
            let next = try await fixture.submit(
                fixture.task(unique: .usual, .rerun, schedule: .after(.seconds(90))))
            fixture.clock.step(by: .seconds(3600))
            try await fixture.advance(by: .seconds(10))
            let running = try await fixture.read(first.id)
            try await fixture.settle(running, .success(nil))
            #expect(try await fixture.reason(next) == .scheduled)
            try await fixture.advance(by: .seconds(80))
            #expect(try await fixture.claimOne().id == next.id)
        },
        ConformanceCase("unique: a parked task takes over when the ready one ahead of it is replaced") {
            fixture in
            try await fixture.submit(fixture.task("blocker", key: "k"))
            let blocker = try await fixture.claimOne("blocker")
            var first = fixture.task(unique: .usual)
            first.definition.concurrency = ConcurrencyLimit(key: "k", limit: 1)
            let second = fixture.task(key: "k")
            try await fixture.submit([first, second])
            #expect(try await fixture.claim(count: 2).isEmpty)
            try await fixture.settle(blocker, .success(nil))
            #expect(try await fixture.store.task(second.id)?.pendingReason == .parked)
            var later = fixture.task(unique: .usual, .replace, schedule: .after(.seconds(60)))
            later.definition.concurrency = first.definition.concurrency
            // Another task that comes with it does not take its turn.
            let third = fixture.task(key: "k")
            _ = try await fixture.store.insert([third, later])
            #expect(try await fixture.claim(count: 2).ids == [second.id])
        },
        ConformanceCase("unique: a rule that is changed applies if no other task has the key") { fixture in
            let first = try await fixture.submit(fixture.task(unique: .started))
            let running = try await fixture.claimOne()
            try await fixture.settle(running, .failure(AttemptFailure("x"), draw: 0.5))
            let kept = try await fixture.rewrite(try await fixture.read(first.id)) { $0.unique = .usual }
            #expect(try await fixture.answer(to: fixture.task(unique: .usual)) == .existing(kept))
        },
        ConformanceCase("unique: a rule that is changed does not apply to a key that another task has") {
            fixture in
            let first = try await fixture.submit(fixture.task(unique: .started))
            let running = try await fixture.claimOne()
            try await fixture.settle(running, .failure(AttemptFailure("x"), draw: 0.5))
            let second = try await fixture.submit(fixture.task(unique: .usual))
            let waiting = try await fixture.read(first.id)
            var definition = waiting.definition
            definition.unique = .usual
            let rewrite = TaskRewrite(id: first.id, version: waiting.version, definition: definition)
            #expect(try await fixture.store.rewrite(rewrite) == .rejected(.uniqueKeyTaken, waiting))
            // Everything else can be changed.
            try await fixture.rewrite(waiting) { $0.priority = 3 }
            #expect(try await fixture.answer(to: fixture.task(unique: .usual)) == .existing(second))
        },
        pairCase("unique: a transfer does not give a key to a task that no longer holds it") { pair in
            let (source, target) = (pair.source, pair.target)
            // Newest first: its identifier is the greatest, although it came first.
            var past = source.task(unique: .started)
            past.id = TaskID.lowest(at: source.now + .seconds(1))
            try await source.submit(past)
            _ = try await source.claimOne()
            let holder = try await source.submit(source.task(unique: .usual))
            let running = try await source.claimOne()
            var next = source.task(unique: .usual, .rerun)
            next.id = TaskID.lowest(at: source.now + .seconds(2))
            try await source.submit(next)
            try await pair.copy(pageSize: 1)
            try await pair.expectSame("after the copy")
            #expect(try await target.answer(to: target.task(unique: .usual))?.record.id == holder.id)
            try await target.settle(running, .success(nil))
            #expect(try await target.claimOne().id == next.id)
        },
    ]
}
