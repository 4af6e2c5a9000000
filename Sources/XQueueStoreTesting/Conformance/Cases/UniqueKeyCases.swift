import Testing
import XQueueCore

extension StoreConformance {
    static let uniqueKeyCases: [ConformanceCase] = [
        ConformanceCase("unique key: an unfinished task is returned for every later one") { fixture in
            let first = try await fixture.submit(fixture.task(uniqueKey: "u"))
            #expect(
                try await fixture.store.insert([fixture.task(uniqueKey: "u")]) == [.existing(first)])
            let claimed = try await fixture.claimOne()
            #expect(
                try await fixture.store.insert([fixture.task(uniqueKey: "u")]) == [.existing(claimed)])
            try await fixture.settle(claimed, .failure(AttemptFailure("x"), draw: 0.5))
            let waiting = try await fixture.read(first.id)
            #expect(waiting.status == .pending)
            #expect(
                try await fixture.store.insert([fixture.task(uniqueKey: "u")]) == [.existing(waiting)])
        },
        ConformanceCase("unique key: is unique within its type") { fixture in
            let held = try await fixture.submit(fixture.task("a", uniqueKey: "u"))
            let other = fixture.task("b", uniqueKey: "u")
            let outcomes = try await fixture.store.insert([other, fixture.task("a", uniqueKey: "u")])
            let record = TaskStateMachine.submit(other, at: fixture.now)
            #expect(outcomes == [.inserted(record), .existing(held)])
            // Ending one must not free the other's key.
            _ = try await fixture.store.cancel([held.id], grace: .zero)
            #expect(
                try await fixture.store.insert([fixture.task("b", uniqueKey: "u")]) == [.existing(record)])
            let next = try await fixture.submit(fixture.task("a", uniqueKey: "u"))
            #expect(next.status == .pending && next.id != held.id)
            let canceled = try await fixture.read(held.id)
            #expect(
                try await fixture.store.requeue([held.id]) == [.rejected(.uniqueKeyTaken, canceled)])
        },
        ConformanceCase("unique key: types and keys are not concatenated ambiguously") { fixture in
            let tasks = [fixture.task("a", uniqueKey: "a:b/c"), fixture.task("a:b", uniqueKey: "c")]
            let records = try await fixture.submit(tasks)
            #expect(records.ids == tasks.map(\.id))
        },
        ConformanceCase("unique key: is free again once its task ends, however it ends") { fixture in
            let endings: [(TaskRecord) async throws -> Void] = [
                { _ in try await fixture.settle(try await fixture.claimOne(), .success(nil)) },
                { _ in
                    let failure = AttemptFailure("x", isPermanent: true)
                    try await fixture.settle(try await fixture.claimOne(), .failure(failure, draw: 0))
                },
                { _ = try await fixture.store.cancel([$0.id], grace: .zero) },
                { _ in try await fixture.advance(by: .seconds(3600)) },
            ]
            for end in endings {
                let task = fixture.task(queueTimeout: .seconds(3600), uniqueKey: "u")
                let outcome = try await fixture.store.insert([task]).first
                let record = TaskStateMachine.submit(task, at: fixture.now)
                #expect(outcome == .inserted(record))
                try await end(record)
                #expect(try await fixture.status(record).isFinal)
            }
        },
        ConformanceCase("unique key: counts within one batch") { fixture in
            let first = fixture.task(uniqueKey: "u")
            let second = fixture.task(uniqueKey: "u")
            let other = fixture.task(uniqueKey: "v")
            let outcomes = try await fixture.store.insert([first, second, other])
            let record = TaskStateMachine.submit(first, at: fixture.now)
            #expect(
                outcomes == [
                    .inserted(record), .existing(record),
                    .inserted(TaskStateMachine.submit(other, at: fixture.now)),
                ])
            #expect(try await fixture.store.task(second.id) == nil)
        },
        ConformanceCase("unique key: a repeated submission gets its own task") { fixture in
            let first = fixture.task(uniqueKey: "u")
            try await fixture.submit(first)
            _ = try await fixture.store.cancel([first.id], grace: .zero)
            let ended = try await fixture.read(first.id)
            let second = fixture.task(uniqueKey: "u")
            let holder = try await fixture.submit(second)
            #expect(
                try await fixture.store.insert([first, second, fixture.task(uniqueKey: "u")])
                    == [.existing(ended), .existing(holder), .existing(holder)])
            // In one batch, too: the same identifier with another key is the same task.
            let third = fixture.task(uniqueKey: "v")
            var again = third
            again.uniqueKey = "u"
            let record = TaskStateMachine.submit(third, at: fixture.now)
            #expect(
                try await fixture.store.insert([third, again]) == [.inserted(record), .existing(record)])
        },
        ConformanceCase("unique key: an ended task cannot be requeued while another holds it") { fixture in
            let first = try await fixture.submit(fixture.task(uniqueKey: "u"))
            _ = try await fixture.store.cancel([first.id], grace: .zero)
            let canceled = try await fixture.read(first.id)
            let second = try await fixture.submit(fixture.task(uniqueKey: "u"))
            #expect(second.id != first.id)
            #expect(
                try await fixture.store.requeue([first.id]) == [.rejected(.uniqueKeyTaken, canceled)])
            #expect(try await fixture.read(first.id) == canceled)
            _ = try await fixture.store.cancel([second.id], grace: .zero)
            let requeued = try fixture.expected(canceled, .requeue)
            #expect(try await fixture.store.requeue([first.id]) == [.changed(requeued)])
            #expect(
                try await fixture.store.insert([fixture.task(uniqueKey: "u")]) == [.existing(requeued)])
        },
        ConformanceCase("unique key: of two requeued in one call the first wins") { fixture in
            var ids: [TaskID] = []
            for _ in 0..<2 {
                let record = try await fixture.submit(fixture.task(uniqueKey: "u"))
                _ = try await fixture.store.cancel([record.id], grace: .zero)
                ids.append(record.id)
            }
            let loser = try await fixture.read(ids[1])
            let outcomes = try await fixture.store.requeue(ids)
            #expect(outcomes.last == .rejected(.uniqueKeyTaken, loser))
            #expect(try await fixture.read(ids[0]).status == .pending)
        },
    ]
}
