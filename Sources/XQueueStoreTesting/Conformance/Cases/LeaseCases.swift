import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let leaseCases: [ConformanceCase] = [
        ConformanceCase("leases: only one node holds it") { fixture in
            try await fixture.requestLease("node-1", for: .seconds(10), gets: true)
            try await fixture.requestLease("node-2", for: .seconds(10), gets: false)
            try await fixture.requestLease("node-1", for: .seconds(10), gets: true)
        },
        ConformanceCase("leases: expires when not renewed in time") { fixture in
            try await fixture.requestLease("node-1", for: .seconds(10), gets: true)
            fixture.clock.advance(by: .milliseconds(9999))
            try await fixture.requestLease("node-2", for: .seconds(10), gets: false)
            fixture.clock.advance(by: .milliseconds(1))
            try await fixture.requestLease("node-2", for: .seconds(10), gets: true)
            try await fixture.requestLease("node-1", for: .seconds(10), gets: false)
        },
        ConformanceCase("leases: a renewal counts from now, and may shorten") { fixture in
            try await fixture.requestLease("node-1", for: .seconds(10), gets: true)
            fixture.clock.advance(by: .seconds(6))
            try await fixture.requestLease("node-1", for: .seconds(10), gets: true)
            fixture.clock.advance(by: .seconds(6))
            try await fixture.requestLease("node-2", for: .seconds(10), gets: false)
            try await fixture.requestLease("node-1", for: .seconds(1), gets: true)
            fixture.clock.advance(by: .seconds(1))
            try await fixture.requestLease("node-2", for: .seconds(10), gets: true)
        },
        ConformanceCase("leases: a failed request does not extend another's lease") { fixture in
            try await fixture.requestLease("node-1", for: .seconds(10), gets: true)
            fixture.clock.advance(by: .seconds(9))
            try await fixture.requestLease("node-2", for: .seconds(100), gets: false)
            fixture.clock.advance(by: .seconds(1))
            try await fixture.requestLease("node-3", for: .seconds(10), gets: true)
        },
        ConformanceCase("leases: only the holder can release it, and then it is free immediately") {
            fixture in
            let store = fixture.store
            try await store.release(.maintenance, by: "node-1")
            try await fixture.requestLease("node-1", for: .seconds(10), gets: true)
            try await store.release(.maintenance, by: "node-2")
            try await fixture.requestLease("node-2", for: .seconds(10), gets: false)
            try await store.release(.maintenance, by: "node-1")
            try await fixture.requestLease("node-2", for: .seconds(10), gets: true)
            try await store.release(.maintenance, by: "node-1")
            try await fixture.requestLease("node-1", for: .seconds(10), gets: false)
        },
        ConformanceCase("leases: requires no registered node, and outlives its node's registration") {
            fixture in
            let store = fixture.store
            try await fixture.requestLease("node-1", for: .seconds(10), gets: true)
            try await store.register(fixture.node("node-1"), lifetime: .seconds(5))
            try await store.unregister("node-1")
            try await fixture.requestLease("node-2", for: .seconds(10), gets: false)
        },
        ConformanceCase("leases: of many concurrent requests, one succeeds") { fixture in
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
        ConformanceCase("leases: maintenance without the lease does no harm") { fixture in
            try await fixture.requestLease("node-1", for: .seconds(10), gets: true)
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
    /// Requests the maintenance lease, and expects to get it or not.
    fileprivate func requestLease(
        _ nodeID: String, for duration: Duration, gets expected: Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let isHeld = try await store.hold(.maintenance, by: nodeID, for: duration)
        #expect(isHeld == expected, "\(nodeID)", sourceLocation: sourceLocation)
    }
}
