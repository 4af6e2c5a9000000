import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let progressCases: [ConformanceCase] = [
        ConformanceCase("progress: the last report counts, and does not change the status") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            let attempt = try fixture.attempt(of: running)
            fixture.clock.advance(by: .seconds(1))
            let reports = [
                TaskProgress(percent: 10, message: "a"), TaskProgress(percent: 33.3, message: "“é”"),
            ]
            try await fixture.store.report(reports.map { ProgressReport(attempt: attempt, progress: $0) })
            let expected = try fixture.expected(running, .progress(attempt.token, reports[1]))
            #expect(try await fixture.read(running.id) == expected)
            let silent = TaskProgress(percent: 0)
            try await fixture.store.report([ProgressReport(attempt: attempt, progress: silent)])
            #expect(try await fixture.read(running.id).progress == silent)
        },
        ConformanceCase("progress: is cleared at each attempt") { fixture in
            try await fixture.submit(fixture.task())
            let first = try await fixture.claimOne()
            let report = ProgressReport(
                attempt: try fixture.attempt(of: first), progress: TaskProgress(percent: 80))
            try await fixture.store.report([report])
            try await fixture.settle(first, .release)
            #expect(try await fixture.read(first.id).progress == TaskProgress(percent: 80))
            #expect(try await fixture.claimOne().progress == nil)
        },
        ConformanceCase("progress: a report without a valid lease is ignored") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            let attempt = try fixture.attempt(of: running)
            let progress = TaskProgress(percent: 5)
            try await fixture.store.report([
                ProgressReport(
                    attempt: AttemptID(taskID: running.id, token: attempt.token.offset(by: 1)),
                    progress: TaskProgress(percent: 99)),
                ProgressReport(
                    attempt: AttemptID(taskID: fixture.nextID(), token: attempt.token),
                    progress: TaskProgress(percent: 99)),
                ProgressReport(attempt: attempt, progress: progress),
            ])
            #expect(try await fixture.read(running.id).progress == progress)
            try await fixture.store.report([])
        },
    ]
}
