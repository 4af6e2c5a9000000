import Testing
import XQueueCore

extension StoreConformance {
    static let closeCases: [ConformanceCase] = [
        ConformanceCase("close: later calls throw `closed`") { fixture in
            let record = try await fixture.submit(fixture.task())
            let store = fixture.store
            try await store.check()
            await store.close()
            await fixture.expect(.closed) { () async throws(StoreError) in
                try await store.insert([fixture.task()])
            }
            await fixture.expect(.closed) { () async throws(StoreError) in
                try await store.claim(ClaimRequest(types: ["a"], count: 1, grant: fixture.grant()))
            }
            await fixture.expect(.closed) { () async throws(StoreError) in
                try await store.cancel([record.id], grace: .zero)
            }
            await fixture.expect(.closed) { () async throws(StoreError) in
                try await store.sweep(limit: 1, draw: 0.0)
            }
            await fixture.expect(.closed) { () async throws(StoreError) in try await store.task(record.id) }
            await fixture.expect(.closed) { () async throws(StoreError) in try await store.statistics() }
            await fixture.expect(.closed) { () async throws(StoreError) in try await store.check() }
            await fixture.expect(.closed) { () async throws(StoreError) in try await store.nodes() }
            await fixture.expect(.closed) { () async throws(StoreError) in
                try await store.hold(.maintenance, by: "node-1", for: .seconds(1))
            }
        },
        ConformanceCase("close: ends every stream of signals, and can be repeated") { fixture in
            let early = fixture.store.signals()
            await fixture.store.close()
            await fixture.store.close()
            for await _ in early {}
            for await _ in fixture.store.signals() {}
        },
        ConformanceCase("close: finishes calls in progress") { fixture in
            let tasks = (0..<50).map { _ in fixture.task() }
            let accepted = await withTaskGroup(of: Bool.self) { group in
                for task in tasks {
                    group.addTask {
                        do throws(StoreError) {
                            return try await fixture.store.insert([task]).count == 1
                        } catch {
                            #expect(error.code == .closed)
                            return false
                        }
                    }
                }
                group.addTask {
                    await fixture.store.close()
                    return true
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(accepted >= 1)
        },
    ]
}
