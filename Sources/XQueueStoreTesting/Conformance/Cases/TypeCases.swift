import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let limitCases: [ConformanceCase] = [
        ConformanceCase("backlog: is filled to its limit and no further", limits: .init(maxBacklog: 3)) {
            fixture in
            try await fixture.submit((0..<3).map { _ in fixture.task() })
            await fixture.expect(.backlogFull) { () async throws(StoreError) in
                try await fixture.store.insert([fixture.task()])
            }
            let claimed = try await fixture.claimOne()
            try await fixture.submit(fixture.task())
            await fixture.expect(.backlogFull) { () async throws(StoreError) in
                try await fixture.store.insert([fixture.task(schedule: .after(.seconds(9)))])
            }
            try await fixture.settle(claimed, .success(nil))
            #expect(try await fixture.store.tasks(TaskQuery()).total == 4)
        },
        ConformanceCase("backlog: an oversized batch is rejected as a whole", limits: .init(maxBacklog: 5)) {
            fixture in
            try await fixture.submit((0..<3).map { _ in fixture.task() })
            let batch = (0..<3).map { fixture.task(uniqueKey: "u\($0)") }
            await fixture.expect(.backlogFull) { () async throws(StoreError) in
                try await fixture.store.insert(batch)
            }
            #expect(try await fixture.store.tasks(TaskQuery()).total == 3)
            for task in batch { #expect(try await fixture.store.task(task.id) == nil) }
            try await fixture.submit(fixture.task(uniqueKey: "u0"))
            #expect(try await fixture.claim(count: 10).count == 4)
        },
        ConformanceCase("backlog: retries and releases are exempt", limits: .init(maxBacklog: 1)) { fixture in
            try await fixture.submit(fixture.task())
            let first = try await fixture.claimOne()
            try await fixture.submit(fixture.task())
            #expect(try await fixture.settle(first, .release) == .settled(.pending, version: 3))
            #expect(try await fixture.claim(count: 10).count == 2)
        },
        ConformanceCase("backlog: a known task does not count", limits: .init(maxBacklog: 1)) { fixture in
            let task = fixture.task(uniqueKey: "u")
            let record = try await fixture.submit(task)
            #expect(try await fixture.store.insert([task]) == [.existing(record)])
            #expect(
                try await fixture.store.insert([fixture.task(uniqueKey: "u")]) == [.existing(record)])
        },
        ConformanceCase("types: no more distinct types than the limit", limits: .init(maxTypes: 2)) {
            fixture in
            try await fixture.submit([fixture.task("a"), fixture.task("b"), fixture.task("a")])
            await fixture.expect(.tooManyTypes) { () async throws(StoreError) in
                try await fixture.store.insert([fixture.task("a"), fixture.task("c")])
            }
            #expect(try await fixture.store.tasks(TaskQuery()).total == 3)
            #expect(try await fixture.store.types().map(\.type).sorted() == ["a", "b"])
            try await fixture.submit(fixture.task("b"))
        },
    ]
}

extension StoreConformance {
    static let pauseCases: [ConformanceCase] = [
        ConformanceCase("pause: holds back claims of only its type") { fixture in
            try await fixture.submit([fixture.task("a", priority: 9), fixture.task("b")])
            try await fixture.store.setPaused(true, type: "a")
            #expect(try await fixture.claim(["a", "b"], count: 9).map(\.type) == ["b"])
            #expect(try await fixture.claim(["a"], count: 9).isEmpty)
            try await fixture.store.setPaused(false, type: "a")
            #expect(try await fixture.claim(["a", "b"], count: 9).map(\.type) == ["a"])
        },
        ConformanceCase("pause: lets running tasks continue") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            try await fixture.store.setPaused(true, type: "a")
            let attempt = try fixture.attempt(of: running)
            #expect(try await fixture.store.heartbeat([attempt], lease: .seconds(60)) == [.held])
            #expect(
                try await fixture.settle(running, .success(nil)) == .settled(.success, version: 3))
        },
        ConformanceCase("pause: still accepts tasks, and their timeouts keep running") { fixture in
            try await fixture.store.setPaused(true, type: "a")
            let record = try await fixture.submit(fixture.task(queueTimeout: .seconds(10)))
            #expect(try await fixture.claim().isEmpty)
            try await fixture.advance(by: .seconds(10))
            #expect(try await fixture.status(record) == .timeout)
        },
        ConformanceCase("pause: is listed with its type, and keeps the limit") { fixture in
            try await fixture.store.setLimit(3, ofType: "a")
            try await fixture.store.setPaused(true, type: "a")
            #expect(try await fixture.store.types() == [TypeState(type: "a", limit: 3, isPaused: true)])
            try await fixture.store.setLimit(5, ofType: "a")
            try await fixture.store.setPaused(false, type: "a")
            #expect(try await fixture.store.types() == [TypeState(type: "a", limit: 5)])
        },
    ]
}

extension StoreConformance {
    static let typeRemovalCases: [ConformanceCase] = [
        ConformanceCase("type removal: a type with tasks stays, even if they ended") { fixture in
            let record = try await fixture.submit(fixture.task())
            #expect(try await fixture.store.removeTypes(["a"], evenIfSet: true) == [.hasTasks])
            try await fixture.settle(try await fixture.claimOne(), .success(nil))
            #expect(try await fixture.store.removeTypes(["a"], evenIfSet: true) == [.hasTasks])
            #expect(try await fixture.status(record) == .success)
            fixture.clock.advance(by: .seconds(10))
            let retention = Retention(age: .seconds(1), count: 0)
            #expect(try await fixture.store.prune(retention, limit: 10) == 1)
            #expect(try await fixture.store.removeTypes(["a"], evenIfSet: false) == [.removed])
            #expect(try await fixture.store.types().isEmpty)
        },
        ConformanceCase("type removal: a set limit or pause goes only on request") { fixture in
            try await fixture.store.setLimit(2, ofType: "a")
            try await fixture.store.setPaused(true, type: "b")
            #expect(try await fixture.store.removeTypes(["a", "b"], evenIfSet: false) == [.isSet, .isSet])
            #expect(
                try await fixture.store.removeTypes(["a", "b"], evenIfSet: true) == [.removed, .removed])
            #expect(try await fixture.store.types().isEmpty)
            try await fixture.submit([
                fixture.task("a"), fixture.task("a"), fixture.task("a"), fixture.task("b"),
            ])
            #expect(try await fixture.claim(["a", "b"], count: 9).count == 4)
        },
        ConformanceCase("type removal: an unknown type is no error, the others go") { fixture in
            try await fixture.submit(fixture.task("a"))
            try await fixture.store.setLimit(1, ofType: "b")
            #expect(
                try await fixture.store.removeTypes(["never", "a", "b"], evenIfSet: true)
                    == [.notFound, .hasTasks, .removed])
            #expect(try await fixture.store.removeTypes([], evenIfSet: true).isEmpty)
            #expect(try await fixture.store.types().map(\.type) == ["a"])
        },
        ConformanceCase("type removal: makes room for new types", limits: .init(maxTypes: 3)) { fixture in
            try await fixture.submit(["a", "b", "c"].map { fixture.task($0) })
            await fixture.expect(.tooManyTypes) { () async throws(StoreError) in
                try await fixture.store.insert([fixture.task("d")])
            }
            let second = try await fixture.claimOne("b")
            try await fixture.settle(second, .success(nil))
            fixture.clock.advance(by: .seconds(10))
            _ = try await fixture.store.prune(Retention(age: .seconds(1), count: 0), limit: 10)
            #expect(try await fixture.store.removeTypes(["b"], evenIfSet: false) == [.removed])
            let record = try await fixture.submit(fixture.task("d", uniqueKey: "u"))
            #expect(record.type == "d")
            #expect(try await fixture.read(record.id) == record)
            #expect(try await fixture.store.types().map(\.type) == ["a", "c", "d"])
            let counts = try await fixture.store.types().map { $0.counts[.pending] }
            #expect(counts == [1, 1, 1])
            #expect(try await fixture.claim(["a", "b", "c", "d"], count: 9).map(\.type) == ["a", "c", "d"])
            #expect(try await fixture.store.tasks(TaskQuery(types: ["d"])).total == 1)
            #expect(try await fixture.store.tasks(TaskQuery(types: ["b"])).total == 0)
        },
    ]
}
