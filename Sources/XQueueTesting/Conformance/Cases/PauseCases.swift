import Testing
import XQueueCore

extension StoreConformance {
    static let pauseCases: [ConformanceCase] = [
        ConformanceCase("pause: holds back claims of its type alone") { fixture in
            try await fixture.submit([fixture.task("a", priority: 9), fixture.task("b")])
            try await fixture.store.setPaused(true, type: "a")
            #expect(try await fixture.claim(["a", "b"], count: 9).map(\.type) == ["b"])
            #expect(try await fixture.claim(["a"], count: 9).isEmpty)
            try await fixture.store.setPaused(false, type: "a")
            #expect(try await fixture.claim(["a", "b"], count: 9).map(\.type) == ["a"])
        },
        ConformanceCase("pause: lets running tasks go on") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            try await fixture.store.setPaused(true, type: "a")
            let attempt = try fixture.attempt(of: running)
            #expect(try await fixture.store.heartbeat([attempt], lease: .seconds(60)) == [.held])
            #expect(
                try await fixture.settle(running, .success(nil)) == .settled(.success, version: 3))
        },
        ConformanceCase("pause: still accepts tasks, and their time still runs") { fixture in
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
