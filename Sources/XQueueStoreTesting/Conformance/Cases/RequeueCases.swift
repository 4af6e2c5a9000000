import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let requeueCases: [ConformanceCase] = [
        ConformanceCase("requeue: a failed task runs again, with all its retries") { fixture in
            try await fixture.submit(fixture.task(maxRetry: 0, queueTimeout: .seconds(30)))
            let running = try await fixture.claimOne()
            try await fixture.settle(running, .failure(AttemptFailure("x"), draw: 0))
            let failed = try await fixture.read(running.id)
            #expect(failed.status == .failed)
            fixture.clock.advance(by: .seconds(1))
            let expected = try fixture.expected(failed, .requeue)
            #expect(try await fixture.store.requeue([failed.id]) == [.changed(expected)])
            #expect(try await fixture.read(failed.id) == expected)
            let again = try await fixture.claimOne()
            #expect(again.attempt == 1)
            #expect(again.errors.count == 1)
        },
        ConformanceCase("requeue: accepts canceled and timed-out tasks, and restarts their queue timeout") {
            fixture in
            let records = try await fixture.submit([
                fixture.task(queueTimeout: .seconds(10)), fixture.task(queueTimeout: .seconds(10)),
            ])
            _ = try await fixture.store.cancel([records[0].id], grace: .zero)
            try await fixture.advance(by: .seconds(10))
            #expect(try await fixture.status(records[1]) == .timeout)
            let outcomes = try await fixture.store.requeue(records.ids)
            #expect(outcomes.count == 2)
            try await fixture.advance(by: .seconds(9))
            for record in records { #expect(try await fixture.status(record) == .pending) }
            try await fixture.advance(by: .seconds(1))
            for record in records { #expect(try await fixture.status(record) == .timeout) }
        },
        ConformanceCase("requeue: rejects all others, in order") { fixture in
            let records = try await fixture.submit([
                fixture.task(priority: 2), fixture.task(priority: 1), fixture.task(),
            ])
            try await fixture.settle(try await fixture.claimOne(), .success(nil))
            let running = try await fixture.claimOne()
            let success = try await fixture.read(records[0].id)
            let outcomes = try await fixture.store.requeue(
                [success.id, running.id, records[2].id, fixture.nextID()])
            #expect(
                outcomes == [
                    .rejected(.notRequeueable, success), .rejected(.notRequeueable, running),
                    .rejected(.notRequeueable, records[2]), .rejected(.notFound, nil),
                ])
            #expect(try await fixture.store.requeue([]) == [])
        },
        ConformanceCase("requeue: a task with a key waits for a token again") { fixture in
            let first = try await fixture.submit(fixture.task(key: "k"))
            _ = try await fixture.store.cancel([first.id], grace: .zero)
            try await fixture.submit(fixture.task(key: "k"))
            let running = try await fixture.claimOne()
            _ = try await fixture.store.requeue([first.id])
            #expect(try await fixture.claim().isEmpty)
            #expect(try await fixture.reason(first) == .parked)
            try await fixture.settle(running, .success(nil))
            #expect(try await fixture.claim().ids == [first.id])
        },
    ]
}
