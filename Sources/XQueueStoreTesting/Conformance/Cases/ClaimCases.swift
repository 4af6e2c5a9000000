import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let claimCases: [ConformanceCase] = [
        ConformanceCase("claim: returns the records the state machine predicts") { fixture in
            let before = try await fixture.submit(fixture.task(processTimeout: .seconds(7)))
            fixture.clock.advance(by: .milliseconds(250))
            let grant = fixture.grant(lease: .seconds(30), grace: .seconds(2))
            let result = try await fixture.store.claim(
                ClaimRequest(types: ["a"], count: 1, grant: grant))
            let expected = try fixture.expected(before, .claim(grant))
            #expect(result.tasks == [expected])
            #expect(try await fixture.read(before.id) == expected)
            #expect(expected.lease?.deadline == fixture.now + .seconds(9))
        },
        ConformanceCase("claim: each task of one claim gets the next token") { fixture in
            try await fixture.submit((0..<5).map { _ in fixture.task() })
            let grant = fixture.grant()
            let tasks = try await fixture.store.claim(
                ClaimRequest(types: ["a"], count: 5, grant: grant)
            ).tasks
            #expect(tasks.map(\.lease?.token) == (0..<5).map { grant.token.offset(by: $0) })
            for task in tasks { #expect(try await fixture.read(task.id) == task) }
        },
        ConformanceCase("claim: reports whether a remote worker runs the task") { fixture in
            let records = try await fixture.submit([fixture.task("a"), fixture.task("b")])
            for (record, isRemote) in zip(records, [true, false]) {
                var grant = fixture.grant()
                grant.isRemote = isRemote
                let request = ClaimRequest(types: [record.type], count: 1, grant: grant)
                let task = try #require(try await fixture.store.claim(request).tasks.first)
                #expect(task.lease?.isRemote == isRemote)
                _ = try await fixture.store.cancel([task.id], grace: .seconds(5))
                _ = try await fixture.store.heartbeat([fixture.attempt(of: task)], lease: .seconds(9))
                #expect(try await fixture.read(task.id).lease?.isRemote == isRemote)
            }
        },
        ConformanceCase("claim: stores the largest token exactly") { fixture in
            try await fixture.submit(fixture.task())
            let token = LeaseToken(rawValue: (1 << 52) - 1)
            let grant = ClaimGrant(token: token, workerID: "w", lease: .seconds(1), grace: .zero)
            let claimed = try await fixture.store.claim(
                ClaimRequest(types: ["a"], count: 1, grant: grant)
            ).tasks
            #expect(claimed.first?.lease?.token == token)
            let attempt = AttemptID(taskID: try #require(claimed.first).id, token: token.offset(by: -1))
            #expect(try await fixture.store.heartbeat([attempt], lease: .seconds(1)) == [.lost])
        },
        ConformanceCase("claim: takes only the requested types") { fixture in
            let records = try await fixture.submit([
                fixture.task("a"), fixture.task("b"), fixture.task("c"), fixture.task("ab"),
            ])
            #expect(try await fixture.claim(["b", "c"], count: 9).ids == [records[1].id, records[2].id])
            #expect(try await fixture.claim(["b", "c", "d"], count: 9).isEmpty)
            #expect(try await fixture.claim([], count: 9).isEmpty)
            #expect(try await fixture.claim(["ab"], count: 9).ids == [records[3].id])
        },
        ConformanceCase("claim: hands out no task twice") { fixture in
            try await fixture.submit((0..<10).map { _ in fixture.task() })
            let first = try await fixture.claim(count: 4)
            let second = try await fixture.claim(count: 100)
            #expect(first.count == 4)
            #expect(second.count == 6)
            #expect(Set(first.ids + second.ids).count == 10)
            #expect(try await fixture.claim(count: 1).isEmpty)
        },
        ConformanceCase("claim: reports whether more may be ready") { fixture in
            try await fixture.submit((0..<3).map { _ in fixture.task() })
            let request = ClaimRequest(types: ["a"], count: 2, grant: fixture.grant())
            #expect(try await fixture.store.claim(request).hasMore)
            let rest = ClaimRequest(types: ["a"], count: 2, grant: fixture.grant())
            let result = try await fixture.store.claim(rest)
            #expect(result.tasks.count == 1)
            #expect(!result.hasMore)
        },
        ConformanceCase("claim: ends early once its payloads are large, but after at least one task") {
            fixture in
            try await fixture.submit((0..<40).map { fixture.task($0 % 2 == 0 ? "a" : "b", bytes: 1000) })
            func claim(_ maxBytes: Int) async throws -> ClaimResult {
                try await fixture.store.claim(
                    ClaimRequest(types: ["a", "b"], count: 100, grant: fixture.grant(), maxBytes: maxBytes))
            }
            let first = try await claim(2500)
            #expect(first.tasks.count == 3)
            #expect(first.hasMore)
            let one = try await claim(0)
            #expect(one.tasks.count == 1)
            #expect(one.hasMore)
            let rest = try await claim(1 << 20)
            #expect(rest.tasks.count == 36)
            #expect(!rest.hasMore)
            for task in rest.tasks { #expect(try await fixture.read(task.id) == task) }
        },
        ConformanceCase("claim: parked tasks with large payloads do not end it") { fixture in
            try await fixture.submit((0..<20).map { _ in fixture.task(key: "k", bytes: 1000) })
            let free = try await fixture.submit(fixture.task())
            let request = ClaimRequest(types: ["a"], count: 9, grant: fixture.grant(), maxBytes: 1500)
            let claimed = try await fixture.store.claim(request)
            #expect(claimed.tasks.count == 2)
            #expect(claimed.tasks.last?.id == free.id)
            try await fixture.settle(try #require(claimed.tasks.first), .success(nil))
            let next = try await fixture.claim(count: 9)
            #expect(next.map(\.payload.text.utf8.count) == [1000])
        },
        ConformanceCase("claim: a scheduled task is not ready before its time") { fixture in
            let record = try await fixture.submit(fixture.task(schedule: .after(.seconds(10))))
            #expect(try await fixture.claim().isEmpty)
            try await fixture.advance(by: .milliseconds(9999))
            #expect(try await fixture.claim().isEmpty)
            try await fixture.advance(by: .milliseconds(1))
            #expect(try await fixture.claim().ids == [record.id])
        },
        ConformanceCase("claim: serves several workers in order, each with the best tasks left") { fixture in
            let records = try await fixture.submit((0..<7).map { fixture.task($0 < 4 ? "a" : "b") })
            let shares = [
                ClaimShare(workerID: "w1", types: ["a"], count: 2),
                ClaimShare(workerID: "w2", types: ["a", "b"], count: 3),
                ClaimShare(workerID: "w2", types: ["a", "b"], count: 1),
                ClaimShare(workerID: "w3", types: ["a"], count: 1),
                ClaimShare(workerID: "w1", types: ["b"], count: 9),
            ]
            let request = ClaimRequest(shares, grant: fixture.grant())
            let result = try await fixture.store.claim(request)
            #expect(result.tasks.ids == records.ids && !result.hasMore)
            #expect(request.split(result.tasks).map(\.count) == [2, 3, 1, 0, 1])
            #expect(result.tasks.map(\.workerID) == ["w1", "w1", "w2", "w2", "w2", "w2", "w1"])
            let first = request.grant.token
            #expect(result.tasks.map(\.lease?.token) == (0..<7).map { first.offset(by: $0) })
            for task in result.tasks { #expect(try await fixture.read(task.id) == task) }
        },
        ConformanceCase("claim: several workers share the limits of types and keys") { fixture in
            try await fixture.store.setLimit(2, ofType: "a")
            let records = try await fixture.submit([
                fixture.task("a"), fixture.task("a"), fixture.task("a"),
                fixture.task("b", key: "k"), fixture.task("b", key: "k"), fixture.task("b"),
            ])
            let shares = (1...4).map { ClaimShare(workerID: "w\($0)", types: ["a", "b"], count: 1) }
            let result = try await fixture.store.claim(ClaimRequest(shares, grant: fixture.grant()))
            #expect(result.tasks.ids == [records[0].id, records[1].id, records[3].id, records[5].id])
            #expect(result.tasks.map(\.workerID) == ["w1", "w2", "w3", "w4"])
            #expect(try await fixture.reason(records[4]) == .parked)
            #expect(try await fixture.claim(["a", "b"], count: 9).isEmpty)
        },
        ConformanceCase("claim: the size of payloads ends it for all workers") { fixture in
            try await fixture.submit((0..<6).map { _ in fixture.task(bytes: 1000) })
            let shares = (1...6).map { ClaimShare(workerID: "w\($0)", types: ["a"], count: 1) }
            let request = ClaimRequest(shares, grant: fixture.grant(), maxBytes: 2500)
            let result = try await fixture.store.claim(request)
            #expect(result.tasks.map(\.workerID) == ["w1", "w2", "w3"] && result.hasMore)
            #expect(request.split(result.tasks).map(\.count) == [1, 1, 1, 0, 0, 0])
        },
        ConformanceCase("claim: is empty for a store without tasks") { fixture in
            let request = ClaimRequest(types: ["a", "b"], count: 10, grant: fixture.grant())
            let result = try await fixture.store.claim(request)
            #expect(result == ClaimResult(tasks: [], hasMore: false))
        },
    ]
}
