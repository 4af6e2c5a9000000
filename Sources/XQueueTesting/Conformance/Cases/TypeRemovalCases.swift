import Testing
import XQueueCore

extension StoreConformance {
    static let typeRemovalCases: [ConformanceCase] = [
        ConformanceCase("type removal: a type stays while there are tasks of it, ended ones too") { fixture in
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
        ConformanceCase("type removal: a limit or a pause goes only if it may") { fixture in
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
        ConformanceCase("type removal: an unknown type is no error, and the others go") { fixture in
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
