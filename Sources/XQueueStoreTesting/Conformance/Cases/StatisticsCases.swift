import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let statisticsCases: [ConformanceCase] = [
        ConformanceCase("statistics: counts each type's tasks by status") { fixture in
            try await fixture.submit((0..<4).map { _ in fixture.task("a", maxRetry: 0) })
            try await fixture.submit((0..<2).map { _ in fixture.task("b") })
            let running = try await fixture.claim(["a"], count: 3)
            try await fixture.settle(running[0], .success(nil))
            try await fixture.settle(running[1], .failure(AttemptFailure("x"), draw: 0))
            var a = StatusCounts()
            a[.pending] = 1
            a[.processing] = 1
            a[.success] = 1
            a[.failed] = 1
            var b = StatusCounts()
            b[.pending] = 2
            let expected = [TypeState(type: "a", counts: a), TypeState(type: "b", counts: b)]
            #expect(try await fixture.store.types().sorted { $0.type < $1.type } == expected)
            let statistics = try await fixture.store.statistics()
            #expect(statistics.types.sorted { $0.type < $1.type } == expected)
            #expect(statistics.counts.total == 6)
        },
        ConformanceCase("statistics: counts follow cancel, requeue, timeout and prune") { fixture in
            let record = try await fixture.submit(fixture.task(queueTimeout: .seconds(10)))
            #expect(try await fixture.store.statistics().counts == only(.pending))
            _ = try await fixture.store.cancel([record.id], grace: .zero)
            #expect(try await fixture.store.statistics().counts == only(.canceled))
            _ = try await fixture.store.requeue([record.id])
            #expect(try await fixture.store.statistics().counts == only(.pending))
            try await fixture.advance(by: .seconds(10))
            #expect(try await fixture.store.statistics().counts == only(.timeout))
            fixture.clock.advance(by: .seconds(10))
            _ = try await fixture.store.prune(Retention(age: .seconds(1), count: 10), limit: 10)
            #expect(try await fixture.store.statistics().counts == StatusCounts())
        },
        ConformanceCase("statistics: lists keys in use, busiest first") { fixture in
            try await fixture.submit((0..<3).map { _ in fixture.task(priority: 1, key: "k", limit: 2) })
            try await fixture.submit(fixture.task(key: "l", limit: 5))
            #expect(try await fixture.claim(count: 9).count == 3)
            let statistics = try await fixture.store.statistics()
            #expect(
                statistics.keys == [
                    KeyState(key: "k", held: 2, limit: 2, waiting: 1),
                    KeyState(key: "l", held: 1, limit: 5, waiting: 0),
                ])
            #expect(statistics.keysInUse == 2)
        },
        ConformanceCase("statistics: lists at most a hundred keys, and counts all") { fixture in
            try await fixture.submit((0..<120).map { fixture.task(key: "k\($0)") })
            #expect(try await fixture.claim(count: 200).count == 120)
            let statistics = try await fixture.store.statistics()
            #expect(statistics.keys.count == 100)
            #expect(statistics.keysInUse == 120)
        },
        ConformanceCase("statistics: reports the age of the oldest unscheduled task") { fixture in
            #expect(try await fixture.store.statistics().oldestPendingAge == nil)
            try await fixture.submit(fixture.task(schedule: .after(.seconds(1000))))
            fixture.clock.advance(by: .seconds(5))
            #expect(try await fixture.store.statistics().oldestPendingAge == nil)
            try await fixture.submit(fixture.task())
            fixture.clock.advance(by: .seconds(5))
            try await fixture.submit(fixture.task(priority: 9))
            fixture.clock.advance(by: .seconds(2))
            #expect(try await fixture.store.statistics().oldestPendingAge == .seconds(7))
        },
        ConformanceCase("statistics: counts the last minute's steps") { fixture in
            try await fixture.submit((0..<5).map { _ in fixture.task(maxRetry: 1) })
            try await fixture.submit(fixture.task("b", queueTimeout: .seconds(1)))
            let running = try await fixture.claim(count: 3)
            try await fixture.settle(running[0], .success(nil))
            try await fixture.settle(running[1], .failure(AttemptFailure("x"), draw: 0.5))
            try await fixture.settle(
                running[2], .failure(AttemptFailure("x", isPermanent: true), draw: 0.5))
            let waiting = try await fixture.claim(count: 1)
            try await fixture.settle(waiting[0], .release)
            _ = try await fixture.store.cancel([waiting[0].id], grace: .zero)
            try await fixture.advance(by: .seconds(1))
            var expected = FlowCounts()
            expected.submitted = 6
            expected.started = 4
            expected.succeeded = 1
            expected.failed = 1
            expected.retried = 1
            expected.canceled = 1
            expected.timedOut = 1
            #expect(try await fixture.store.statistics().lastMinute == expected)
            fixture.clock.advance(by: .seconds(180))
            #expect(try await fixture.store.statistics().lastMinute == FlowCounts())
        },
        ConformanceCase("statistics: reports the last minute second by second") { fixture in
            fixture.clock.advance(by: .seconds(2))
            try await fixture.submit((0..<5).map { _ in fixture.task() })
            fixture.clock.advance(by: .seconds(2))
            for lease in try await fixture.claim(count: 2) { try await fixture.settle(lease, .success(nil)) }
            // The current second is not complete.
            #expect(try await fixture.store.statistics().history.seconds.last == FlowCounts())
            fixture.clock.advance(by: .seconds(1))
            var first = FlowCounts()
            first.submitted = 5
            var last = FlowCounts()
            last.started = 2
            last.succeeded = 2
            let history = try await fixture.store.statistics().history
            #expect(Array(history.seconds.suffix(3)) == [first, FlowCounts(), last])
            let end = history.start + .seconds(history.seconds.count)
            #expect(end.milliseconds == fixture.clock.now().milliseconds / 1000 * 1000)
            fixture.clock.advance(by: .seconds(90))
            #expect(
                try await fixture.store.statistics().history.seconds
                    == Array(repeating: FlowCounts(), count: FlowHistory.maxSeconds))
        },
    ]

    private static func only(_ status: TaskStatus) -> StatusCounts {
        var counts = StatusCounts()
        counts[status] = 1
        return counts
    }
}
