import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let eventCases: [ConformanceCase] = [
        ConformanceCase("events: a task's steps are logged in order") { fixture in
            let task = try await fixture.submit(fixture.task("a"))
            fixture.clock.advance(by: .seconds(1))
            let running = try await fixture.claimOne()
            fixture.clock.advance(by: .seconds(1))
            try await fixture.settle(running, .success(nil))
            let events = try await fixture.log()
            #expect(events.map(\.taskID) == Array(repeating: task.id, count: 3))
            #expect(events.map(\.type) == ["a", "a", "a"])
            #expect(events.map(\.workerID) == [nil, "worker-1", "worker-1"])
            let start = task.createdAt
            #expect(events.map(\.timestamp) == [start, start + .seconds(1), start + .seconds(2)])
            #expect(
                events.map(\.change) == [
                    .status(.init(previous: nil, status: .pending, version: 1)),
                    .status(.init(previous: .pending, status: .processing, version: 2)),
                    .status(.init(previous: .processing, status: .success, version: 3)),
                ])
            #expect(events.map(\.cursor.number) == [1, 2, 3])
            #expect(events.map(\.cursor.time) == events.map(\.timestamp))
        },
        ConformanceCase("events: failures, retries and requeues report the error and the retry count") {
            fixture in
            let task = try await fixture.submit(fixture.task(maxRetry: 1))
            let failure = AttemptFailure("“no” disk", kind: .error)
            try await fixture.settle(try await fixture.claimOne(), .failure(failure, draw: 0.5))
            try await fixture.advance(by: .seconds(60))
            try await fixture.settle(try await fixture.claimOne(), .failure(failure, draw: 0.5))
            _ = try await fixture.store.requeue([task.id])
            let changes = try await fixture.log().map(\.change)
            let error = try #require(
                try await fixture.changes(of: task.id).first { $0.status == .failed }?.error)
            #expect(error == failure.message)
            #expect(
                changes.dropFirst() == [
                    .status(.init(previous: .pending, status: .processing, version: 2)),
                    .status(
                        .init(
                            previous: .processing, status: .pending, version: 3, retryCount: 1,
                            error: error)),
                    .status(
                        .init(
                            previous: .pending, status: .processing, version: 4, retryCount: 1,
                            error: error)),
                    .status(
                        .init(
                            previous: .processing, status: .failed, version: 5, retryCount: 1,
                            error: error)),
                    .status(
                        .init(
                            previous: .failed, status: .pending, version: 6, retryCount: 0,
                            error: try await fixture.read(task.id).error)),
                ])
        },
        ConformanceCase("events: cancel, snooze, release and expiry are logged") { fixture in
            let store = fixture.store
            let waiting = try await fixture.submit(fixture.task("w"))
            _ = try await store.cancel([waiting.id], grace: .seconds(5))
            let late = try await fixture.submit(fixture.task("l", queueTimeout: .seconds(10)))
            let running = try await fixture.submit(fixture.task("a"))
            let first = try await fixture.claimOne("a", lease: .seconds(5))
            try await fixture.settle(first, .release)
            let second = try await fixture.claimOne("a", lease: .seconds(5))
            try await fixture.settle(second, .snooze(.seconds(1)))
            try await fixture.advance(by: .seconds(20))
            _ = try await fixture.claimOne("a", lease: .seconds(5))
            try await fixture.advance(by: .seconds(6))
            #expect(try await fixture.statuses(of: waiting.id) == [.pending, .canceled])
            #expect(try await fixture.statuses(of: late.id) == [.pending, .timeout])
            #expect(
                try await fixture.statuses(of: running.id) == [
                    .pending, .processing, .pending, .processing, .pending, .processing, .pending,
                ])
            for id in [waiting.id, late.id, running.id] {
                let changes = try await fixture.changes(of: id)
                #expect(changes.map(\.version) == Array(1...changes.count))
                #expect(changes.map(\.previous) == [nil] + changes.dropLast().map(\.status))
                #expect(changes.last?.version == (try await fixture.read(id).version))
                #expect(changes.last?.error == (try await fixture.read(id).error))
            }
        },
        ConformanceCase("events: calls that change no status write none") { fixture in
            let store = fixture.store
            let task = try await fixture.submit(fixture.task("a", key: "k", uniqueKey: "u"))
            try await fixture.submit(fixture.task("a", uniqueKey: "u"))
            try await fixture.submit(fixture.task("a", key: "k"))
            let running = try await fixture.claimOne()
            #expect(try await fixture.claim().isEmpty)
            let before = try await store.lastEvent()
            #expect(before.number == 3)
            let attempt = try fixture.attempt(of: running)
            _ = try await store.heartbeat([attempt], lease: .seconds(60))
            _ = try await store.cancel([task.id], grace: .seconds(5))
            try await store.setPaused(true, type: "a")
            let stranger = AttemptID(taskID: task.id, token: attempt.token.offset(by: 1))
            _ = try await store.settle([Settlement(attempt: stranger, outcome: .success(nil))])
            let progress = ProgressReport(attempt: stranger, progress: TaskProgress(percent: 1))
            try await store.report([progress])
            _ = try await store.requeue([task.id])
            #expect(try await store.lastEvent() == before)
        },
        ConformanceCase("events: progress is logged, including the last before the end") { fixture in
            let task = try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            let attempt = try fixture.attempt(of: running)
            let half = TaskProgress(percent: 50, message: "“é”")
            try await fixture.store.report([ProgressReport(attempt: attempt, progress: half)])
            let full = TaskProgress(percent: 99.5)
            _ = try await fixture.store.settle([
                Settlement(attempt: attempt, outcome: .success(nil), progress: full)
            ])
            let events = try await fixture.log()
            #expect(events.map(\.taskID) == Array(repeating: task.id, count: 5))
            #expect(
                events.suffix(3).map(\.change) == [
                    .progress(half), .progress(full),
                    .status(.init(previous: .processing, status: .success, version: 3)),
                ])
            #expect(events.suffix(3).map(\.workerID) == ["worker-1", "worker-1", "worker-1"])
        },
        ConformanceCase("events: a task's metadata accompanies each of its own steps") {
            fixture in
            var submitted: [NewTask] = []
            for (number, key, unique) in [
                (0, nil, nil), (1, "key", nil), (2, nil, "once"), (3, "other", "twice"),
            ] {
                for metadata in [nil, #"{"n": \#(number)}"#, "{}"] {
                    var task = fixture.task(
                        key: key, maxRetry: 1, uniqueKey: unique.map { "\($0) \(metadata ?? "")" })
                    if let key { task.concurrency = ConcurrencyLimit(key: key, limit: 3) }
                    task.metadata = try metadata.map { try RawJSON($0) }
                    if number == 1 {
                        task.trace = TraceContext(
                            parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
                    }
                    submitted.append(task)
                }
            }
            submitted.append(fixture.task(schedule: .after(.seconds(60))))
            submitted[submitted.count - 1].metadata = try RawJSON(#"{"late": true}"#)
            _ = try await fixture.store.insert(submitted)
            let running = try await fixture.claim(count: 100)
            #expect(running.count == submitted.count - 1)
            for (index, record) in running.enumerated() {
                let attempt = try fixture.attempt(of: record)
                let progress = TaskProgress(percent: 50, message: index % 2 == 0 ? "half" : nil)
                try await fixture.store.report([ProgressReport(attempt: attempt, progress: progress)])
                let outcome: AttemptOutcome =
                    index % 3 == 0 ? .failure(AttemptFailure("no"), draw: 0) : .success(.null)
                _ = try await fixture.store.settle([
                    Settlement(attempt: attempt, outcome: outcome, progress: TaskProgress(percent: 100))
                ])
            }
            try await fixture.advance(by: .seconds(120))
            for record in try await fixture.claim(count: 100) {
                try await fixture.settle(record, .success(nil))
            }
            _ = try await fixture.store.cancel(submitted.map(\.id), grace: .zero)
            let metadata = Dictionary(uniqueKeysWithValues: submitted.map { ($0.id, $0.metadata?.text) })
            let events = try await fixture.log()
            #expect(events.count > 5 * submitted.count)
            for event in events { #expect(event.metadata?.text == metadata[event.taskID], "\(event)") }
        },
        ConformanceCase("events: of several reports in one call, the newest is logged") { fixture in
            try await fixture.submit([fixture.task(), fixture.task()])
            let running = try await fixture.claim(count: 2)
            let attempts = try running.map { try fixture.attempt(of: $0) }
            let reports = [(0, 10.0), (1, 20.0), (0, 30.0)].map {
                ProgressReport(attempt: attempts[$0.0], progress: TaskProgress(percent: $0.1))
            }
            try await fixture.store.report(reports)
            let logged = try await fixture.log().filter { $0.taskID == running[0].id }.last
            #expect(logged?.change == .progress(TaskProgress(percent: 30)))
        },
        ConformanceCase(
            "events: a batch can be read in pages, from any position in it", requires: .gapFreeCursors
        ) { fixture in
            let tasks = (0..<50).map { _ in fixture.task() }
            try await fixture.submit(tasks)
            let all = try await fixture.log()
            #expect(Set(all.map(\.taskID)) == Set(tasks.map(\.id)))
            #expect(all.map(\.cursor.number) == Array(1...50))
            var paged: [TaskEvent] = []
            var cursor = EventCursor.start
            while true {
                let page = try await fixture.store.events(after: cursor, limit: 7, waiting: .zero)
                #expect(!page.isReset)
                #expect(page.events.count <= 7)
                #expect(page.next == page.events.last?.cursor ?? cursor)
                paged += page.events
                cursor = page.next
                #expect(page.hasMore == (paged.count < 50))
                if !page.hasMore { break }
            }
            #expect(paged == all)
            #expect(cursor == (try await fixture.store.lastEvent()))
        },
        ConformanceCase("events: a time alone is the position before its first event") { fixture in
            try await fixture.submit(fixture.task())
            fixture.clock.advance(by: .seconds(1))
            let second = try await fixture.submit([fixture.task(), fixture.task()])
            fixture.clock.advance(by: .seconds(1))
            let third = try await fixture.submit(fixture.task())
            func after(_ time: Timestamp) async throws -> [TaskID] {
                let cursor = EventCursor(time: time)
                let page = try await fixture.store.events(after: cursor, limit: 100, waiting: .zero)
                #expect(!page.isReset)
                return page.events.map(\.taskID)
            }
            #expect(try await after(second[0].createdAt).count == 3)
            #expect(try await after(third.createdAt + .milliseconds(-500)) == [third.id])
            #expect(try await after(third.createdAt) == [third.id])
            #expect(try await after(third.createdAt + .milliseconds(1)) == [])
            #expect(try await after(fixture.now + .seconds(3600)) == [])
        },
        ConformanceCase("events: the next one wakes waiting readers") { fixture in
            let store = fixture.store
            let start = try await store.lastEvent()
            async let page = store.events(after: start, limit: 10, waiting: .seconds(3600))
            let task = try await fixture.submit(fixture.task())
            #expect(try await page.events.map(\.taskID) == [task.id])
        },
        ConformanceCase("events: waiting without one ends in time") { fixture in
            let store = fixture.store
            let start = try await store.lastEvent()
            try await withThrowingTaskGroup(of: EventPage?.self) { group in
                group.addTask {
                    try await store.events(after: start, limit: 10, waiting: .milliseconds(50))
                }
                group.addTask {
                    // A store may wait by its own clock or in real time.
                    while !Task.isCancelled {
                        fixture.clock.advance(by: .milliseconds(50))
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                    return nil
                }
                let page = try await group.next()
                group.cancelAll()
                #expect(page == EventPage(events: [], next: start, isReset: false, hasMore: false))
            }
        },
    ]
}

extension TaskEvent {
    var statusChange: StatusChange? {
        if case .status(let change) = change { change } else { nil }
    }
}

extension StoreFixture {
    /// The whole event log.
    func log() async throws -> [TaskEvent] {
        try await store.events(after: .start, limit: 100_000, waiting: .zero).events
    }

    func changes(of id: TaskID) async throws -> [TaskEvent.StatusChange] {
        try await log().filter { $0.taskID == id }.compactMap(\.statusChange)
    }

    func statuses(of id: TaskID) async throws -> [TaskStatus] {
        try await changes(of: id).map(\.status)
    }
}
