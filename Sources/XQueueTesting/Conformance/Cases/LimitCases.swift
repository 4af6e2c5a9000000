import Testing
import XQueueCore

extension StoreConformance {
    static let limitCases: [ConformanceCase] = [
        ConformanceCase("backlog: is filled to its limit and not further", limits: .init(maxBacklog: 3)) {
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
        ConformanceCase("backlog: a batch that does not fit leaves nothing", limits: .init(maxBacklog: 5)) {
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
        ConformanceCase("backlog: a retry and a release come back all the same", limits: .init(maxBacklog: 1))
        { fixture in
            try await fixture.submit(fixture.task())
            let first = try await fixture.claimOne()
            try await fixture.submit(fixture.task())
            #expect(try await fixture.settle(first, .release) == .settled(.pending, version: 3))
            #expect(try await fixture.claim(count: 10).count == 2)
        },
        ConformanceCase("backlog: a known task takes no room", limits: .init(maxBacklog: 1)) { fixture in
            let task = fixture.task(uniqueKey: "u")
            let record = try await fixture.submit(task)
            #expect(try await fixture.store.insert([task]) == [.existing(record)])
            #expect(
                try await fixture.store.insert([fixture.task(uniqueKey: "u")]) == [.existing(record)])
        },
        ConformanceCase("types: no more distinct ones than the limit", limits: .init(maxTypes: 2)) {
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
