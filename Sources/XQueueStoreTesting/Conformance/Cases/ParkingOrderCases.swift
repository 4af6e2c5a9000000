import Testing
import XQueueCore

extension StoreConformance {
    static let parkingOrderCases: [ConformanceCase] = [
        ConformanceCase("parked: wait in priority order, then first in, first out") { fixture in
            try await fixture.submit(fixture.task(priority: 100, key: "k"))
            var running = try await fixture.claimOne()
            let priorities: [Int32] = [0, 2, 1, 2, 0]
            let records = try await fixture.submit(priorities.map { fixture.task(priority: $0, key: "k") })
            #expect(try await fixture.claim(count: 9).isEmpty)
            var order: [TaskID] = []
            for _ in records {
                try await fixture.settle(running, .success(nil))
                running = try await fixture.claimOne()
                order.append(running.id)
                #expect(try await fixture.claim(count: 9).isEmpty)
            }
            #expect(order == inOrder(records).ids)
        },
        ConformanceCase("parked: keep their place ahead of later tasks") { fixture in
            try await fixture.submit(fixture.task(key: "k"))
            let running = try await fixture.claimOne()
            let early = try await fixture.submit(fixture.task(key: "k"))
            #expect(try await fixture.claim().isEmpty)
            #expect(try await fixture.reason(early) == .parked)
            let late = try await fixture.submit(fixture.task(key: "k"))
            try await fixture.settle(running, .success(nil))
            #expect(try await fixture.claim(count: 9).ids == [early.id])
            #expect(try await fixture.status(late) == .pending)
        },
        ConformanceCase("parked: keep their place ahead of released tasks of lower priority") { fixture in
            try await fixture.submit(fixture.task(key: "k"))
            let running = try await fixture.claimOne()
            let urgent = try await fixture.submit(fixture.task(priority: 9, key: "k"))
            #expect(try await fixture.claim().isEmpty)
            try await fixture.settle(running, .release)
            #expect(try await fixture.claim(count: 9).ids == [urgent.id])
        },
        ConformanceCase("parked: time out like any pending task") { fixture in
            try await fixture.submit(fixture.task(key: "k"))
            let running = try await fixture.claimOne("a", lease: .seconds(3600))
            let record = try await fixture.submit(fixture.task(key: "k", queueTimeout: .seconds(10)))
            _ = try await fixture.claim()
            let parked = try await fixture.read(record.id)
            #expect(parked == (try fixture.expected(record, .park)))
            try await fixture.advance(by: .seconds(10))
            let timedOut = try await fixture.read(record.id)
            #expect(timedOut == (try fixture.expected(parked, .expire(draw: 0.5))))
            #expect(timedOut.status == .timeout)
            try await fixture.settle(running, .success(nil))
            #expect(try await fixture.claim().isEmpty)
        },
        ConformanceCase("parked: a ready task that times out makes room for it") { fixture in
            try await fixture.submit(fixture.task(key: "k"))
            let running = try await fixture.claimOne("a", lease: .seconds(3600))
            let first = try await fixture.submit(fixture.task(key: "k", queueTimeout: .seconds(10)))
            let second = try await fixture.submit(fixture.task(key: "k"))
            _ = try await fixture.claim(count: 9)
            try await fixture.settle(running, .success(nil))
            #expect(try await fixture.reason(first) == .ready)
            #expect(try await fixture.reason(second) == .parked)
            try await fixture.advance(by: .seconds(10))
            #expect(try await fixture.status(first) == .timeout)
            #expect(try await fixture.reason(second) == .ready)
        },
        ConformanceCase("parked: every task gets its turn while others start and end") { fixture in
            let records = try await fixture.submit(
                (0..<40).map { fixture.task(["a", "b"][$0 % 2], key: "k\($0 % 3)", limit: 1 + $0 % 3) })
            var ended: Set<TaskID> = []
            for _ in 0..<200 where ended.count < records.count {
                for record in try await fixture.claim(["a", "b"], count: 4) {
                    try await fixture.settle(record, .success(nil))
                    ended.insert(record.id)
                }
            }
            #expect(ended == Set(records.ids))
        },
    ]
}
