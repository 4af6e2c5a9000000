import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let heartbeatCases: [ConformanceCase] = [
        ConformanceCase("heartbeat: keeps a lease alive") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne("a", lease: .seconds(10))
            let attempt = try fixture.attempt(of: running)
            for _ in 0..<5 {
                try await fixture.advance(by: .seconds(9))
                #expect(try await fixture.store.heartbeat([attempt], lease: .seconds(10)) == [.held])
            }
            #expect(try await fixture.read(running.id).lease?.expiresAt == fixture.now + .seconds(10))
            try await fixture.advance(by: .seconds(10))
            let lost = try await fixture.read(running.id)
            #expect(lost.status == .pending)
            #expect(lost.errors.map(\.kind) == [.leaseLost])
            #expect(lost.retryCount == 1)
        },
        ConformanceCase("heartbeat: does not extend past the attempt's deadline") { fixture in
            try await fixture.submit(fixture.task(processTimeout: .seconds(20)))
            let running = try await fixture.claimOne("a", lease: .seconds(10))
            let attempt = try fixture.attempt(of: running)
            try await fixture.advance(by: .seconds(9))
            #expect(try await fixture.store.heartbeat([attempt], lease: .seconds(60)) == [.held])
            #expect(try await fixture.read(running.id).lease?.expiresAt == running.lease?.deadline)
            try await fixture.advance(by: .seconds(16))
            #expect(try await fixture.read(running.id).errors.map(\.kind) == [.timeout])
        },
        ConformanceCase("heartbeat: reports cancellation and lost leases, in order") { fixture in
            try await fixture.submit((0..<3).map { _ in fixture.task() })
            let running = try await fixture.claim(count: 3)
            let attempts = try running.map { try fixture.attempt(of: $0) }
            _ = try await fixture.store.cancel([running[0].id], grace: .seconds(5))
            try await fixture.settle(running[1], .success(nil))
            let unknown = AttemptID(taskID: fixture.nextID(), token: attempts[0].token)
            let wrong = AttemptID(taskID: running[2].id, token: attempts[0].token)
            let outcomes = try await fixture.store.heartbeat(
                attempts + [unknown, wrong], lease: .seconds(60))
            #expect(outcomes == [.cancelRequested, .lost, .held, .lost, .lost])
            #expect(try await fixture.store.heartbeat([], lease: .seconds(60)) == [])
        },
        ConformanceCase("heartbeat: changes only the lease") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne("a", lease: .seconds(10))
            fixture.clock.advance(by: .seconds(3))
            let attempt = try fixture.attempt(of: running)
            _ = try await fixture.store.heartbeat([attempt], lease: .seconds(40))
            let expected = try fixture.expected(
                running, .heartbeat(attempt.token, lease: .seconds(40)))
            #expect(try await fixture.read(running.id) == expected)
        },
    ]
}
