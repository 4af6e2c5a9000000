import Testing
import XQueueCore

extension StoreConformance {
    static let typeLimitCases: [ConformanceCase] = [
        ConformanceCase(
            "type limit: runs exactly the limit, and the rest stay ready", requires: .exactTypeLimits
        ) { fixture in
            try await fixture.store.setLimit(2, ofType: "a")
            let records = try await fixture.submit((0..<5).map { _ in fixture.task() })
            let first = try await fixture.claim(count: 9)
            #expect(first.ids == Array(records.ids.prefix(2)))
            #expect(try await fixture.claim(count: 9).isEmpty)
            for record in records.dropFirst(2) {
                #expect(try await fixture.reason(record) == .ready)
            }
            try await fixture.settle(first[0], .success(nil))
            #expect(try await fixture.claim(count: 9).ids == [records[2].id])
        },
        ConformanceCase("type limit: does not hold up other types") { fixture in
            try await fixture.store.setLimit(1, ofType: "a")
            try await fixture.submit((0..<3).map { _ in fixture.task("a", priority: 9) })
            let other = try await fixture.submit(fixture.task("b"))
            let claimed = try await fixture.claim(["a", "b"], count: 9)
            #expect(claimed.count == 2)
            #expect(claimed.last?.id == other.id)
        },
        ConformanceCase(
            "type limit: holds within one claim across interleaved types",
            requires: [.globalOrder, .exactTypeLimits]
        ) { fixture in
            try await fixture.store.setLimit(2, ofType: "a")
            try await fixture.store.setLimit(1, ofType: "b")
            let records = try await fixture.submit(
                (0..<12).map { fixture.task(["a", "b", "c"][$0 % 3]) })
            let claimed = try await fixture.claim(["a", "b", "c"], count: 6)
            #expect(claimed.ids == [0, 1, 2, 3, 5, 8].map { records[$0].id })
        },
        ConformanceCase(
            "type limit: can be raised, lowered and lifted", requires: .exactTypeLimits
        ) { fixture in
            try await fixture.submit((0..<10).map { _ in fixture.task() })
            try await fixture.store.setLimit(3, ofType: "a")
            let first = try await fixture.claim(count: 9)
            #expect(first.count == 3)
            try await fixture.store.setLimit(1, ofType: "a")
            for record in first.dropFirst() {
                try await fixture.settle(record, .success(nil))
                #expect(try await fixture.claim(count: 9).isEmpty)
            }
            try await fixture.store.setLimit(2, ofType: "a")
            #expect(try await fixture.claim(count: 9).count == 1)
            try await fixture.store.setLimit(nil, ofType: "a")
            #expect(try await fixture.claim(count: 9).count == 6)
            #expect(try await fixture.store.types().first?.limit == nil)
        },
        ConformanceCase("type limit: a task held back by it is not parked under its key") { fixture in
            try await fixture.store.setLimit(1, ofType: "a")
            let records = try await fixture.submit([
                fixture.task(key: "k", limit: 5), fixture.task(key: "k", limit: 5),
            ])
            #expect(try await fixture.claim(count: 9).ids == [records[0].id])
            #expect(try await fixture.reason(records[1]) == .ready)
        },
        ConformanceCase("type limit: is listed with its type, even before the type has tasks") { fixture in
            try await fixture.store.setLimit(4, ofType: "a")
            #expect(try await fixture.store.types() == [TypeState(type: "a", limit: 4)])
        },
    ]
}
