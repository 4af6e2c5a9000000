import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let settleCases: [ConformanceCase] = [
        ConformanceCase("settle: success keeps the result byte for byte") { fixture in
            let result = try RawJSON(#"{"a" : [1, 2.50 ,"é"]}"#)
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            fixture.clock.advance(by: .seconds(2))
            #expect(
                try await fixture.settle(running, .success(result)) == .settled(.success, version: 3))
            let expected = try fixture.expected(
                running, .settle(try fixture.attempt(of: running).token, .success(result)))
            #expect(try await fixture.read(running.id) == expected)
        },
        ConformanceCase("settle: a failure is retried until no retry is left") { fixture in
            try await fixture.submit(fixture.task(maxRetry: 2))
            for attempt in 1...3 {
                let running = try await fixture.claimOne()
                #expect(running.attempt == attempt)
                try await fixture.settle(running, .failure(AttemptFailure("try \(attempt)"), draw: 0.5))
                let record = try await fixture.read(running.id)
                #expect(record.status == (attempt < 3 ? .pending : .failed))
                #expect(record.errors.map(\.message) == (1...attempt).map { "try \($0)" })
                #expect(try await fixture.claim().isEmpty)
                try await fixture.advance(by: .seconds(10))
            }
            #expect(try await fixture.claim().isEmpty)
        },
        ConformanceCase("settle: keeps the last ten failures") { fixture in
            try await fixture.submit(fixture.task(maxRetry: 100))
            for attempt in 1...12 {
                let failure = AttemptFailure("try \(attempt) “é”", retryAfter: .zero)
                try await fixture.settle(
                    try await fixture.claimOne(), .failure(failure, draw: 0.5))
            }
            let record = try #require(try await fixture.store.tasks(TaskQuery()).tasks.first)
            #expect(record.errors.map(\.attempt) == Array(3...12))
            #expect(record.errors.last?.message == "try 12 “é”")
            #expect(record.retryCount == 12)
        },
        ConformanceCase("settle: back-off follows policy and draw to the millisecond") { fixture in
            for draw in [0, 0.25, 0.5, 0.999_999] {
                var task = fixture.task()
                task.retryPolicy = RetryPolicy(delay: .milliseconds(1700), jitter: 0.3)
                try await fixture.submit(task)
                let running = try await fixture.claimOne()
                try await fixture.settle(running, .failure(AttemptFailure("x"), draw: draw))
                let delay = task.retryPolicy.backOff(retry: 1, draw: draw)
                #expect(try await fixture.read(task.id).runAt == fixture.now + delay)
            }
        },
        ConformanceCase("settle: records the progress it carries") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            let progress = TaskProgress(percent: 100, message: "done")
            let settlement = Settlement(
                attempt: try fixture.attempt(of: running), outcome: .success(nil), progress: progress)
            _ = try await fixture.store.settle([settlement])
            let record = try await fixture.read(running.id)
            #expect(record.progress == progress)
            #expect(record.status == .success)
        },
        ConformanceCase("settle: a snooze and a release do not use up a retry") { fixture in
            try await fixture.submit(fixture.task(maxRetry: 0))
            try await fixture.settle(try await fixture.claimOne(), .snooze(.seconds(3)))
            #expect(try await fixture.claim().isEmpty)
            try await fixture.advance(by: .seconds(3))
            try await fixture.settle(try await fixture.claimOne(), .release)
            let last = try await fixture.claimOne()
            #expect(last.attempt == 1)
            #expect(last.errors.isEmpty)
            #expect(
                try await fixture.settle(last, .success(nil)) == .settled(.success, version: 7))
        },
        ConformanceCase("settle: outcomes of one call are independent and in order") { fixture in
            try await fixture.submit((0..<3).map { _ in fixture.task(maxRetry: 0) })
            let running = try await fixture.claim(count: 3)
            let attempts = try running.map { try fixture.attempt(of: $0) }
            let stranger = AttemptID(taskID: fixture.nextID(), token: attempts[0].token)
            let outcomes = try await fixture.store.settle([
                Settlement(attempt: attempts[1], outcome: .success(nil)),
                Settlement(attempt: stranger, outcome: .success(nil)),
                Settlement(attempt: attempts[1], outcome: .release),
                Settlement(attempt: attempts[2], outcome: .failure(AttemptFailure("x"), draw: 0)),
                Settlement(attempt: attempts[0], outcome: .release),
            ])
            #expect(
                outcomes == [
                    .settled(.success, version: 3), .rejected(.notFound), .rejected(.leaseLost),
                    .settled(.failed, version: 3), .settled(.pending, version: 3),
                ])
        },
        ConformanceCase("settle: an empty call returns nothing") { fixture in
            let outcomes = try await fixture.store.settle([])
            #expect(outcomes.isEmpty)
        },
    ]
}
