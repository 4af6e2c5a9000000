import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let sweepCases: [ConformanceCase] = [
        ConformanceCase("sweep: changes each task when it is due, and not before") { fixture in
            try await fixture.submit(fixture.task("run", processTimeout: .seconds(5)))
            try await fixture.submit(fixture.task("run"))
            let running = try await fixture.claim(["run"], count: 2, lease: .seconds(10))
            let waiting = try await fixture.submit([
                fixture.task(queueTimeout: .seconds(10)), fixture.task(schedule: .after(.seconds(10))),
                fixture.task("b"),
            ])
            let before = running + waiting
            fixture.clock.advance(by: .milliseconds(9999))
            let early = try await fixture.store.sweep(limit: 100, draw: 0.5)
            #expect(early == SweepResult(changed: 0, nextDueIn: .milliseconds(1)))
            for record in before { #expect(try await fixture.read(record.id) == record) }
            fixture.clock.advance(by: .milliseconds(1))
            let result = try await fixture.store.sweep(limit: 100, draw: 0.25)
            #expect(result.changed == 4)
            for record in before.dropLast() {
                let expected = try fixture.expected(record, .expire(draw: 0.25))
                #expect(try await fixture.read(record.id) == expected)
            }
            #expect(try await fixture.read(before[4].id) == before[4])
        },
        ConformanceCase("sweep: changes nothing after its time limit") { fixture in
            let task = try await fixture.submit(fixture.task(maxRetry: 0))
            _ = try await fixture.claimOne("a", lease: .seconds(10))
            // Simulates a process that is suspended after checking how long its own leases last.
            let clock = fixture.clock
            let late = try await fixture.store.sweep(limit: 100, draw: 0.5) {
                clock.advance(by: .seconds(20))
                return .seconds(10)
            }
            #expect(late.changed == 0)
            for time in [Duration.zero, .seconds(-5)] {
                #expect(try await fixture.store.sweep(limit: 100, draw: 0.5, within: { time }).changed == 0)
            }
            #expect(try await fixture.read(task.id).status == .processing)
            #expect(
                try await fixture.store.sweep(limit: 100, draw: 0.5, within: { .seconds(1) })
                    == SweepResult(changed: 1, nextDueIn: nil))
        },
        ConformanceCase("sweep: reports when the next task is due") { fixture in
            #expect(
                try await fixture.store.sweep(limit: 10, draw: 0.0)
                    == SweepResult(changed: 0, nextDueIn: nil))
            try await fixture.submit(fixture.task())
            let none = try await fixture.store.sweep(limit: 10, draw: 0.0)
            #expect(none.nextDueIn == nil)
            try await fixture.submit(fixture.task("b", schedule: .after(.seconds(30))))
            try await fixture.submit(fixture.task("c", queueTimeout: .seconds(20)))
            let two = try await fixture.store.sweep(limit: 10, draw: 0.0)
            #expect(two.nextDueIn == .seconds(20))
            _ = try await fixture.claimOne("a", lease: .seconds(10))
            let three = try await fixture.store.sweep(limit: 10, draw: 0.0)
            #expect(three.nextDueIn == .seconds(10))
        },
        ConformanceCase("sweep: changes at most its limit, the longest overdue first") { fixture in
            let tasks = (1...10).map { fixture.task(schedule: .after(.seconds(11 - $0))) }
            try await fixture.submit(tasks)
            fixture.clock.advance(by: .seconds(60))
            let first = try await fixture.store.sweep(limit: 4, draw: 0.0)
            #expect(first.changed == 4)
            #expect(first.nextDueIn == .zero)
            #expect(Set(try await fixture.claim(count: 99).ids) == Set(tasks.suffix(4).map(\.id)))
            #expect(try await fixture.store.sweep(limit: 4, draw: 0.0).changed == 4)
            #expect(try await fixture.store.sweep(limit: 4, draw: 0.0).changed == 2)
            #expect(try await fixture.store.sweep(limit: 4, draw: 0.0).changed == 0)
        },
        ConformanceCase("sweep: the queue timeout starts when ready, and stops with the first attempt") {
            fixture in
            let task = fixture.task(
                maxRetry: 1, queueTimeout: .seconds(10), schedule: .after(.seconds(100)))
            try await fixture.submit(task)
            try await fixture.advance(by: .seconds(100))
            try await fixture.advance(by: .seconds(9))
            #expect(try await fixture.read(task.id).status == .pending)
            try await fixture.settle(try await fixture.claimOne(), .release)
            try await fixture.advance(by: .seconds(1000))
            #expect(try await fixture.read(task.id).pendingReason == .ready)
        },
        ConformanceCase("sweep: lost leases use up attempts until none is left") { fixture in
            try await fixture.submit(fixture.task(maxRetry: 1))
            let first = try await fixture.claimOne("a", lease: .seconds(10))
            try await fixture.advance(by: .seconds(10))
            let second = try await fixture.claimOne("a", lease: .seconds(10))
            #expect(second.id == first.id)
            #expect(second.attempt == 2)
            try await fixture.advance(by: .seconds(10))
            let record = try await fixture.read(first.id)
            #expect(record.status == .failed)
            #expect(record.errors.map(\.kind) == [.leaseLost, .leaseLost])
        },
        ConformanceCase("sweep: attempts that end together retry at different times") { fixture in
            let tasks = (0..<200).map { _ in
                var task = fixture.task(processTimeout: .seconds(5))
                task.retryPolicy = RetryPolicy(
                    strategy: .fixed, delay: .seconds(3600), maxDelay: .seconds(7200), jitter: 1)
                return task
            }
            try await fixture.submit(tasks)
            let running = try await fixture.claim(count: 200)
            fixture.clock.advance(by: .seconds(10))
            let draw = SweepDraw.spread(from: 0.3)
            var changed = 0
            while true {
                let step = try await fixture.store.sweep(limit: 90, draw: draw).changed
                changed += step
                if step < 90 { break }
            }
            #expect(changed == 200)
            var waits: [Duration] = []
            for record in running {
                let after = try await fixture.read(record.id)
                #expect(after == (try fixture.expected(record, .expire(draw: draw.draw(for: record.id)))))
                waits.append(after.runAt - fixture.now)
            }
            #expect(Set(waits).count == 200)
            #expect(waits.count { $0 < .seconds(1800) } > 20)
            #expect(waits.count { $0 > .seconds(5400) } > 20)
        },
    ]
}
