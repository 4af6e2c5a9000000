import Testing
import XQueueCore

extension StoreConformance {
    static let concurrencyKeyCases: [ConformanceCase] = [
        ConformanceCase("key: allows exactly its limit") { fixture in
            let records = try await fixture.submit((0..<6).map { _ in fixture.task(key: "k", limit: 2) })
            let first = try await fixture.claim(count: 10)
            #expect(first.ids == Array(records.ids.prefix(2)))
            #expect(try await fixture.claim(count: 10).isEmpty)
            for record in records.dropFirst(2) {
                #expect(try await fixture.reason(record) == .parked)
            }
            try await fixture.settle(first[1], .success(nil))
            #expect(try await fixture.claim(count: 10).ids == [records[2].id])
            #expect(try await fixture.claim(count: 10).isEmpty)
        },
        ConformanceCase("key: a saturated key does not hold up the tasks after it") { fixture in
            try await fixture.submit((0..<50).map { _ in fixture.task(priority: 9, key: "k") })
            let other = try await fixture.submit(fixture.task(key: "l"))
            let free = try await fixture.submit(fixture.task())
            var claimed: [TaskID] = []
            while true {
                let request = ClaimRequest(types: ["a"], count: 10, grant: fixture.grant())
                let result = try await fixture.store.claim(request)
                claimed += result.tasks.ids
                if !result.hasMore { break }
            }
            #expect(claimed.count == 3)
            #expect(claimed.suffix(2) == [other.id, free.id])
        },
        ConformanceCase("key: is shared by all types") { fixture in
            try await fixture.submit([
                fixture.task("a", key: "k"), fixture.task("b", key: "k"), fixture.task("c", key: "l"),
            ])
            let claimed = try await fixture.claim(["a", "b", "c"], count: 9)
            #expect(claimed.map(\.type) == ["a", "c"])
            #expect(try await fixture.claim(["b"], count: 9).isEmpty)
            try await fixture.settle(claimed[0], .success(nil))
            #expect(try await fixture.claim(["b"], count: 9).count == 1)
        },
        ConformanceCase("key: a free token wakes the best parked task of every type") { fixture in
            try await fixture.submit([fixture.task("a", priority: 9, key: "k")])
            let running = try await fixture.claimOne("a")
            let parked = try await fixture.submit([
                fixture.task("b", key: "k"), fixture.task("b", priority: 1, key: "k"),
                fixture.task("c", key: "k"), fixture.task("c", key: "k"),
            ])
            #expect(try await fixture.claim(["a", "b", "c"], count: 9).isEmpty)
            try await fixture.settle(running, .success(nil))
            var reasons: [PendingReason?] = []
            for record in parked { reasons.append(try await fixture.reason(record)) }
            #expect(reasons == [.parked, .ready, .ready, .parked])
        },
        ConformanceCase("key: each task's own limit applies") { fixture in
            let records = try await fixture.submit([
                fixture.task(priority: 3, key: "k", limit: 2),
                fixture.task(priority: 2, key: "k", limit: 1),
                fixture.task(priority: 1, key: "k", limit: 2),
                fixture.task(priority: 0, key: "k", limit: 3),
            ])
            let claimed = try await fixture.claim(count: 9)
            #expect(claimed.ids == [records[0].id, records[2].id, records[3].id])
            #expect(try await fixture.reason(records[1]) == .parked)
            for record in claimed {
                #expect(try await fixture.claim(count: 9).isEmpty)
                try await fixture.settle(record, .success(nil))
            }
            #expect(try await fixture.claim(count: 9).ids == [records[1].id])
        },
        ConformanceCase("key: a task with a larger limit is not stuck behind one with a smaller") { fixture in
            try await fixture.submit((0..<3).map { _ in fixture.task(key: "k", limit: 3) })
            let running = try await fixture.claim(count: 9)
            let narrow = try await fixture.submit(fixture.task(priority: 5, key: "k", limit: 1))
            let wide = try await fixture.submit(fixture.task(key: "k", limit: 3))
            #expect(try await fixture.claim(count: 9).isEmpty)
            try await fixture.settle(running[0], .success(nil))
            #expect(try await fixture.claim(count: 9).ids == [wide.id])
            #expect(try await fixture.status(narrow) == .pending)
        },
        ConformanceCase("key: its token is returned however the attempt ends") { fixture in
            let endings: [(TaskRecord) async throws -> Void] = [
                { try await fixture.settle($0, .success(nil)) },
                { try await fixture.settle($0, .failure(AttemptFailure("x"), draw: 0.5)) },
                {
                    let failure = AttemptFailure("x", isPermanent: true)
                    try await fixture.settle($0, .failure(failure, draw: 0.5))
                },
                { try await fixture.settle($0, .snooze(.seconds(1000))) },
                { try await fixture.settle($0, .release) },
                { _ in try await fixture.advance(by: .seconds(61)) },
                {
                    _ = try await fixture.store.cancel([$0.id], grace: .seconds(5))
                    try await fixture.advance(by: .seconds(5))
                },
            ]
            for (index, end) in endings.enumerated() {
                let key = "k\(index)"
                try await fixture.submit(fixture.task("r\(index)", key: key))
                let running = try await fixture.claimOne("r\(index)")
                let waiting = try await fixture.submit(fixture.task("w\(index)", key: key))
                #expect(try await fixture.claim(["w\(index)"]).isEmpty)
                #expect(try await fixture.reason(waiting) == .parked)
                try await end(running)
                #expect(try await fixture.claim(["w\(index)"]).ids == [waiting.id], "ending \(index)")
            }
        },
        ConformanceCase("key: a ready task that leaves makes room for a parked one") { fixture in
            try await fixture.submit(fixture.task(key: "k"))
            let running = try await fixture.claimOne()
            let parked = try await fixture.submit((0..<3).map { _ in fixture.task(key: "k") })
            _ = try await fixture.claim(count: 9)
            try await fixture.settle(running, .success(nil))
            #expect(try await fixture.reason(parked[0]) == .ready)
            _ = try await fixture.store.cancel([parked[0].id], grace: .zero)
            #expect(try await fixture.reason(parked[1]) == .ready)
            #expect(try await fixture.claim(count: 9).ids == [parked[1].id])
        },
    ]
}
