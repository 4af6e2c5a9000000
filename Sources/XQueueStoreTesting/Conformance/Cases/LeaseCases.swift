import Testing
import XQueueCore

extension StoreConformance {
    static let leaseCases: [ConformanceCase] = [
        ConformanceCase("leases: one node has it, and no other") { fixture in
            try await fixture.asks("node-1", for: .seconds(10), gets: true)
            try await fixture.asks("node-2", for: .seconds(10), gets: false)
            try await fixture.asks("node-1", for: .seconds(10), gets: true)
        },
        ConformanceCase("leases: is free when it was not renewed in time") { fixture in
            try await fixture.asks("node-1", for: .seconds(10), gets: true)
            fixture.clock.advance(by: .milliseconds(9999))
            try await fixture.asks("node-2", for: .seconds(10), gets: false)
            fixture.clock.advance(by: .milliseconds(1))
            try await fixture.asks("node-2", for: .seconds(10), gets: true)
            try await fixture.asks("node-1", for: .seconds(10), gets: false)
        },
        ConformanceCase("leases: a renewal counts from now, and may shorten") { fixture in
            try await fixture.asks("node-1", for: .seconds(10), gets: true)
            fixture.clock.advance(by: .seconds(6))
            try await fixture.asks("node-1", for: .seconds(10), gets: true)
            fixture.clock.advance(by: .seconds(6))
            try await fixture.asks("node-2", for: .seconds(10), gets: false)
            try await fixture.asks("node-1", for: .seconds(1), gets: true)
            fixture.clock.advance(by: .seconds(1))
            try await fixture.asks("node-2", for: .seconds(10), gets: true)
        },
        ConformanceCase("leases: asking in vain does not lengthen another's lease") { fixture in
            try await fixture.asks("node-1", for: .seconds(10), gets: true)
            fixture.clock.advance(by: .seconds(9))
            try await fixture.asks("node-2", for: .seconds(100), gets: false)
            fixture.clock.advance(by: .seconds(1))
            try await fixture.asks("node-3", for: .seconds(10), gets: true)
        },
        ConformanceCase("leases: what is given back is free at once, but only by its owner") {
            fixture in
            let store = fixture.store
            try await store.release(.maintenance, by: "node-1")
            try await fixture.asks("node-1", for: .seconds(10), gets: true)
            try await store.release(.maintenance, by: "node-2")
            try await fixture.asks("node-2", for: .seconds(10), gets: false)
            try await store.release(.maintenance, by: "node-1")
            try await fixture.asks("node-2", for: .seconds(10), gets: true)
            try await store.release(.maintenance, by: "node-1")
            try await fixture.asks("node-1", for: .seconds(10), gets: false)
        },
        ConformanceCase("leases: needs no announced node, and outlives its node's leave") { fixture in
            let store = fixture.store
            try await fixture.asks("node-1", for: .seconds(10), gets: true)
            try await store.register(fixture.node("node-1"), lifetime: .seconds(5))
            try await store.unregister("node-1")
            try await fixture.asks("node-2", for: .seconds(10), gets: false)
        },
        ConformanceCase("leases: of many that ask at once, one gets it") { fixture in
            let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<50 {
                    group.addTask {
                        try await fixture.store.hold(
                            .maintenance, by: "node-\(index)", for: .seconds(10))
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(winners == 1)
        },
        ConformanceCase("leases: work by a node without the lease does no harm") { fixture in
            try await fixture.asks("node-1", for: .seconds(10), gets: true)
            let tasks = (0..<50).map { _ in fixture.task(schedule: .after(.seconds(1))) }
            try await fixture.submit(tasks)
            fixture.clock.advance(by: .seconds(1))
            let changed = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await fixture.store.sweep(limit: 20, draw: 0.5).changed }
                }
                return try await group.reduce(0, +)
            }
            #expect(changed == 50)
            #expect(try await fixture.claim(count: 99).ids == tasks.map(\.id))
        },
    ]
}

extension StoreFixture {
    /// Asks for the lease of maintenance, and expects to get it or not.
    fileprivate func asks(
        _ nodeID: String, for duration: Duration, gets expected: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let isHeld = try await store.hold(.maintenance, by: nodeID, for: duration)
        #expect(isHeld == expected, "\(nodeID)", sourceLocation: sourceLocation)
    }
}
