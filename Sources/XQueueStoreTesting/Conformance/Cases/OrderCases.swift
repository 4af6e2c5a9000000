import Testing
import XQueueCore

extension StoreConformance {
    static let orderCases: [ConformanceCase] = [
        ConformanceCase(
            "order: higher priority first, then first in, first out", requires: .globalOrder
        ) { fixture in
            let priorities: [Int32] = [0, 5, -3, 5, .max, 0, .min, 5]
            let records = try await fixture.submit(priorities.map { fixture.task(priority: $0) })
            let expected = inOrder(records)
            var claimed: [TaskID] = []
            for _ in records { claimed += try await fixture.claim().ids }
            #expect(claimed == expected.ids)
        },
        ConformanceCase(
            "order: is strict across all types of a claim", requires: .globalOrder
        ) { fixture in
            var records: [TaskRecord] = []
            for index in 0..<60 {
                let type = ["a", "b", "c"][index % 3]
                let priority = Int32(index * 7 % 4)
                records.append(try await fixture.submit(fixture.task(type, priority: priority)))
            }
            let claimed = try await fixture.claim(["c", "a", "b"], count: 60)
            #expect(claimed.ids == inOrder(records).ids)
        },
        ConformanceCase("order: follows identifiers, not arrival", requires: .globalOrder) { fixture in
            let tasks = (0..<4).map { _ in fixture.task() }
            for task in tasks.reversed() { try await fixture.submit(task) }
            #expect(try await fixture.claim(count: 4).ids == tasks.map(\.id))
        },
        ConformanceCase("order: identifiers compare as unsigned numbers") { fixture in
            let ids = [
                TaskID(high: 0x0000_0000_0001_7000, low: 0x8000_0000_0000_0000),
                TaskID(high: 0x0000_0000_0001_7000, low: 0xBFFF_FFFF_FFFF_FFFF),
                TaskID(high: 0x7FFF_0000_0000_7000, low: 0x8000_0000_0000_0000),
                TaskID(high: 0xFFFF_0000_0000_7000, low: 0x8000_0000_0000_0001),
            ]
            try await fixture.submit(ids.reversed().map { NewTask(id: $0, type: "a") })
            #expect(try await fixture.claim(count: 4).ids == ids)
            #expect(try await fixture.store.tasks(TaskQuery()).tasks.ids == ids.reversed())
        },
        ConformanceCase("order: a retried task keeps its place") { fixture in
            let records = try await fixture.submit((0..<3).map { _ in fixture.task() })
            let first = try await fixture.claimOne()
            try await fixture.settle(first, .release)
            #expect(try await fixture.claim(count: 3).ids == records.ids)
        },
        ConformanceCase("order: a scheduled task that becomes ready is ordered by priority and identifier") {
            fixture in
            let late = try await fixture.submit(fixture.task(schedule: .after(.seconds(1))))
            let urgent = try await fixture.submit(
                fixture.task(priority: 1, schedule: .after(.seconds(2))))
            let plain = try await fixture.submit(fixture.task())
            try await fixture.advance(by: .seconds(3))
            #expect(try await fixture.claim(count: 3).ids == [urgent.id, late.id, plain.id])
        },
    ]

    /// `records` in the order in which a claim takes them.
    static func inOrder(_ records: [TaskRecord]) -> [TaskRecord] {
        records.sorted { ($1.priority, $0.id) < ($0.priority, $1.id) }
    }
}
