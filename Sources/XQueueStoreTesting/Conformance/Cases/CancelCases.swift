import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let cancelCases: [ConformanceCase] = [
        ConformanceCase("cancel: a pending task ends immediately, whatever it waits for") { fixture in
            try await fixture.submit(fixture.task(key: "k"))
            _ = try await fixture.claimOne()
            var records = try await fixture.submit([
                fixture.task(), fixture.task(schedule: .after(.seconds(60))), fixture.task(key: "k"),
            ])
            let running = try await fixture.claimOne()
            #expect(running.id == records[0].id)
            try await fixture.settle(running, .release)
            for index in records.indices { records[index] = try await fixture.read(records[index].id) }
            _ = try await fixture.store.cancel([], grace: .zero)
            let expected = try records.map { try fixture.expected($0, .cancel(grace: .seconds(5))) }
            let outcomes = try await fixture.store.cancel(records.ids, grace: .seconds(5))
            #expect(outcomes == expected.map { .changed($0) })
            for record in expected { #expect(try await fixture.read(record.id) == record) }
            #expect(try await fixture.claim(count: 9).isEmpty)
        },
        ConformanceCase("cancel: a running task is asked to stop, and may still succeed") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            fixture.clock.advance(by: .seconds(1))
            let expected = try fixture.expected(running, .cancel(grace: .seconds(5)))
            let outcomes = try await fixture.store.cancel([running.id], grace: .seconds(5))
            #expect(outcomes == [.changed(expected)])
            #expect(expected.lease?.expiresAt == fixture.now + .seconds(5))
            fixture.clock.advance(by: .seconds(4))
            #expect(
                try await fixture.settle(running, .success(nil)) == .settled(.success, version: 3))
        },
        ConformanceCase("cancel: a running task that fails, snoozes or is released is canceled") { fixture in
            let outcomes: [AttemptOutcome] = [
                .failure(AttemptFailure("x"), draw: 0.5), .snooze(.seconds(1)), .release,
            ]
            for outcome in outcomes {
                try await fixture.submit(fixture.task())
                let running = try await fixture.claimOne()
                _ = try await fixture.store.cancel([running.id], grace: .seconds(5))
                #expect(try await fixture.settle(running, outcome) == .settled(.canceled, version: 3))
            }
        },
        ConformanceCase("cancel: the grace period runs once, heartbeats or not") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            let attempt = try fixture.attempt(of: running)
            _ = try await fixture.store.cancel([running.id], grace: .seconds(5))
            fixture.clock.advance(by: .seconds(4))
            let again = try await fixture.store.cancel([running.id], grace: .seconds(50))
            #expect(again == [.changed(try await fixture.read(running.id))])
            let beat = try await fixture.store.heartbeat([attempt], lease: .seconds(60))
            #expect(beat == [.cancelRequested])
            #expect(try await fixture.status(running) == .processing)
            try await fixture.advance(by: .seconds(1))
            #expect(try await fixture.status(running) == .canceled)
        },
        ConformanceCase("cancel: rejects ended and unknown tasks, in order") { fixture in
            let records = try await fixture.submit([fixture.task(priority: 1), fixture.task()])
            try await fixture.settle(try await fixture.claimOne(), .success(nil))
            let ended = try await fixture.read(records[0].id)
            let canceled = try fixture.expected(records[1], .cancel(grace: .zero))
            let outcomes = try await fixture.store.cancel(
                [ended.id, fixture.nextID(), records[1].id, records[1].id], grace: .zero)
            #expect(
                outcomes == [
                    .rejected(.alreadyEnded, ended), .rejected(.notFound, nil), .changed(canceled),
                    .rejected(.alreadyEnded, canceled),
                ])
        },
    ]
}
