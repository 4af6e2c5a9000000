import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let uniqueRuleCases: [ConformanceCase] = [
        ConformanceCase("unique: until started, a retry neither holds the key nor minds its next holder") {
            fixture in
            let first = try await fixture.submit(fixture.task(unique: .started))
            #expect(try await fixture.answer(to: fixture.task(unique: .started)) == .existing(first))
            let claimed = try await fixture.claimOne()
            let second = fixture.task(unique: .started)
            #expect(try await fixture.answer(to: second)?.isInserted == true)
            try await fixture.settle(claimed, .failure(AttemptFailure("x"), draw: 0.5))
            let waiting = try await fixture.read(second.id)
            #expect(try await fixture.answer(to: fixture.task(unique: .started)) == .existing(waiting))
            // Canceling the one that no longer holds the key leaves it with the other.
            _ = try await fixture.store.cancel([first.id], grace: .zero)
            #expect(try await fixture.answer(to: fixture.task(unique: .started)) == .existing(waiting))
            #expect(try await fixture.store.requeue([first.id]).first?.rejection == .uniqueKeyTaken)
        },
        ConformanceCase("unique: a window outlives its task, and ends whether or not the task has") {
            fixture in
            let rule = UniqueRule.windowed(.window)
            let first = try await fixture.submit(fixture.task(unique: rule))
            let claimed = try await fixture.claimOne()
            try await fixture.settle(claimed, .success(nil))
            let ended = try await fixture.read(first.id)
            fixture.clock.advance(by: .seconds(59))
            #expect(try await fixture.answer(to: fixture.task(unique: rule)) == .existing(ended))
            fixture.clock.advance(by: .seconds(1))
            let second = fixture.task(unique: rule)
            #expect(try await fixture.answer(to: second)?.isInserted == true)
            fixture.clock.advance(by: .seconds(60))
            let third = fixture.task(unique: rule)
            #expect(try await fixture.answer(to: third)?.isInserted == true)
            // The end of one whose window is over is none of the third's business.
            _ = try await fixture.store.cancel([second.id], grace: .zero)
            let holder = try await fixture.read(third.id)
            #expect(try await fixture.answer(to: fixture.task(unique: rule)) == .existing(holder))
        },
        ConformanceCase("unique: until done with a window, whichever is later") { fixture in
            let rule = UniqueRule.windowed(.done)
            let first = try await fixture.submit(fixture.task(unique: rule))
            fixture.clock.advance(by: .seconds(61))
            #expect(try await fixture.answer(to: fixture.task(unique: rule)) == .existing(first))
            _ = try await fixture.store.cancel([first.id], grace: .zero)
            let second = try await fixture.submit(fixture.task(unique: rule))
            #expect(second.id != first.id)
            _ = try await fixture.store.cancel([second.id], grace: .zero)
            let ended = try await fixture.read(second.id)
            #expect(try await fixture.answer(to: fixture.task(unique: rule)) == .existing(ended))
            // A holder that is pruned holds nothing.
            _ = try await fixture.store.prune(Retention(age: .zero, count: 0), limit: 10)
            fixture.clock.advance(by: .milliseconds(1))
            _ = try await fixture.store.prune(Retention(age: .zero, count: 0), limit: 10)
            #expect(try await fixture.answer(to: fixture.task(unique: rule))?.isInserted == true)
        },
        ConformanceCase("unique: across types") { fixture in
            var rule = UniqueRule(key: "u")
            rule.isAcrossTypes = true
            let first = try await fixture.submit(fixture.task("a", unique: rule))
            #expect(first.definition.unique == rule)
            #expect(try await fixture.answer(to: fixture.task("b", unique: rule)) == .existing(first))
            // A key of one type is another key.
            #expect(
                try await fixture.answer(to: fixture.task("a", unique: UniqueRule(key: "u")))?.isInserted
                    == true)
            // What another type submits does not become of this one.
            for conflict in [UniqueConflict.replace, .rerun] {
                let other = fixture.task("b", unique: rule, conflict)
                #expect(try await fixture.answer(to: other) == .conflict(first))
            }
        },
        ConformanceCase("unique: reject") { fixture in
            let first = try await fixture.submit(fixture.task(unique: .usual))
            let outcomes = try await fixture.store.insert([
                fixture.task(), fixture.task(unique: .usual, .reject), fixture.task(unique: .usual),
            ])
            #expect(outcomes.map(\.isInserted) == [true, false, false])
            #expect(outcomes[1] == .conflict(first) && outcomes[2] == .existing(first))
        },
        ConformanceCase("unique: replace rewrites a waiting task, and nothing else") { fixture in
            let first = try await fixture.submit(fixture.task(unique: .usual))
            let newer = fixture.task(priority: 4, unique: .usual, .replace, bytes: 5000)
            let replaced = try fixture.expected(first, .rewrite(newer.rewrite(of: first, at: fixture.now)))
            #expect(replaced.payload == newer.payload && replaced.version == 2)
            #expect(try await fixture.answer(to: newer) == .replaced(replaced))
            #expect(try await fixture.read(first.id) == replaced)
            #expect(try await fixture.store.task(newer.id) == nil)
            let later = fixture.task(unique: .usual, .replace, schedule: .after(.seconds(5)))
            #expect(try await fixture.answer(to: later)?.record.pendingReason == .scheduled)
            try await fixture.advance(by: .seconds(5))
            let claimed = try await fixture.claimOne()
            #expect(try await fixture.answer(to: newer) == .conflict(claimed))
            try await fixture.settle(claimed, .success(nil))
            #expect(try await fixture.answer(to: newer)?.isInserted == true)
        },
        ConformanceCase("unique: rerun runs one, and one more with the newest payload") { fixture in
            let first = try await fixture.submit(fixture.task(unique: .usual, .rerun))
            let second = fixture.task(unique: .usual, .rerun, bytes: 20)
            #expect(try await fixture.answer(to: second)?.record.id == first.id)
            let claimed = try await fixture.claimOne()
            #expect(claimed.payload == second.payload)
            let next = fixture.task(unique: .usual, .rerun, bytes: 30)
            let blocked = TaskStateMachine.submit(next, at: fixture.now, isBlocked: true)
            #expect(try await fixture.answer(to: next) == .inserted(blocked))
            #expect(try await fixture.read(next.id) == blocked && blocked.pendingReason == .blocked)
            #expect(try await fixture.store.tasks(TaskQuery(statuses: [.pending])).tasks.ids == [next.id])
            let newest = fixture.task(unique: .usual, .rerun, bytes: 40)
            #expect(try await fixture.answer(to: newest)?.record.payload == newest.payload)
            #expect(try await fixture.claim().isEmpty)
            // A retry is still the first one's turn.
            try await fixture.settle(claimed, .failure(AttemptFailure("x"), draw: 0.5))
            try await fixture.advance(by: .seconds(10))
            let retry = try await fixture.claimOne()
            #expect(retry.id == first.id)
            #expect(try await fixture.claim().isEmpty)
            let failure = AttemptFailure("x", isPermanent: true)
            try await fixture.settle(retry, .failure(failure, draw: 0.5))
            let last = try await fixture.claimOne()
            #expect(last.id == next.id && last.payload == newest.payload)
            try await fixture.settle(last, .success(nil))
            #expect(try await fixture.submit(fixture.task(unique: .usual, .rerun)).version == 1)
        },
        ConformanceCase("unique: the blocked task waits again for its own time, and can be canceled") {
            fixture in
            let first = try await fixture.submit(fixture.task(unique: .usual))
            _ = try await fixture.claimOne()
            let gone = fixture.task(unique: .usual, .rerun)
            _ = try await fixture.store.insert([gone])
            _ = try await fixture.store.cancel([gone.id], grace: .zero)
            #expect(try await fixture.status(try await fixture.read(gone.id)) == .canceled)
            let next = fixture.task(
                queueTimeout: .seconds(9), unique: .usual, .rerun, schedule: .after(.seconds(90)))
            #expect(try await fixture.answer(to: next)?.isInserted == true)
            _ = try await fixture.store.cancel([first.id], grace: .zero)
            try await fixture.advance(by: .seconds(30))
            #expect(try await fixture.status(try await fixture.read(first.id)) == .canceled)
            #expect(try await fixture.reason(try await fixture.read(next.id)) == .scheduled)
            try await fixture.advance(by: .seconds(60))
            let ready = try await fixture.read(next.id)
            #expect(ready.pendingReason == .ready && ready.queueDeadline == fixture.now + .seconds(9))
        },
        ConformanceCase("unique: one that is edited away from its key is no longer blocked") { fixture in
            let first = try await fixture.submit(fixture.task(unique: .usual))
            _ = try await fixture.claimOne()
            let next = try await fixture.submit(fixture.task(unique: .usual, .rerun))
            var definition = next.definition
            definition.uniqueKey = "other"
            let rewrite = TaskRewrite(id: next.id, version: 1, definition: definition)
            let outcome = try await fixture.store.rewrite(rewrite)
            let changed = try await fixture.read(next.id)
            #expect(outcome == .changed(changed) && changed.pendingReason == .ready)
            #expect(try await fixture.answer(to: fixture.task(unique: .usual))?.record.id == first.id)
            #expect(try await fixture.claimOne().id == next.id)
        },
        ConformanceCase("unique: debounce waits anew, but not for ever") { fixture in
            let debounce = UniqueConflict.debounce(.init(wait: .seconds(10), maxWait: .seconds(25)))
            let schedule = NewTask.Schedule.after(.seconds(10))
            let first = try await fixture.submit(fixture.task(unique: .started, debounce, schedule: schedule))
            var latest = first
            for (second, due) in [(8, 18), (16, 25), (24, 25)] {
                fixture.clock.advance(by: .seconds(8))
                let task = fixture.task(unique: .started, debounce, schedule: schedule, bytes: second + 2)
                latest = try fixture.expected(latest, .rewrite(task.rewrite(of: latest, at: fixture.now)))
                #expect(latest.runAt == first.createdAt + .seconds(due) && latest.payload == task.payload)
                #expect(try await fixture.answer(to: task) == .replaced(latest))
            }
            let keeping = UniqueConflict.debounce(
                .init(wait: .milliseconds(500), maxWait: .seconds(60), keepsFirst: true))
            let ignored = fixture.task(unique: .started, keeping, bytes: 99)
            let answer = try await fixture.answer(to: ignored)
            #expect(answer?.record.payload == latest.payload)
            try await fixture.advance(by: .seconds(1))
            #expect(try await fixture.claimOne().payload == latest.payload)
        },
        ConformanceCase("unique: the rules hold within one batch, in its order") { fixture in
            let tasks = [
                fixture.task(unique: .usual), fixture.task(unique: .usual, .replace, bytes: 10),
                fixture.task(unique: .usual, .reject), fixture.task(unique: .usual, .rerun, bytes: 20),
                fixture.task("b", unique: .usual), fixture.task("b", unique: .usual, .replace, bytes: 30),
            ]
            let outcomes = try await fixture.store.insert(tasks)
            #expect(outcomes.map(\.isInserted) == [true, false, false, false, true, false])
            #expect(try await fixture.read(tasks[0].id).payload == tasks[3].payload)
            #expect(try await fixture.read(tasks[0].id).version == 3)
            #expect(try await fixture.read(tasks[4].id).payload == tasks[5].payload)
            let events = try await fixture.store.events(after: .start, limit: 20, waiting: .zero).events
            for task in [tasks[0], tasks[4]] {
                let versions = events.filter { $0.taskID == task.id }.compactMap { event -> Int? in
                    if case .status(let change) = event.change { change.version } else { nil }
                }
                #expect(versions == Array(1...versions.count))
            }
        },
        pairCase("unique: a transfer takes over holders, windows and who waits") { pair in
            let (source, target) = (pair.source, pair.target)
            let windowed = UniqueRule.windowed(.window)
            let ended = try await source.submit(source.task("w", unique: windowed))
            _ = try await source.store.cancel([ended.id], grace: .zero)
            let holder = try await source.submit(source.task(unique: .usual))
            let running = try await source.claimOne()
            let next = try await source.submit(source.task(unique: .usual, .rerun))
            try await pair.copy(pageSize: 1)
            try await pair.expectSame("after the copy")
            #expect(try await target.answer(to: source.task("w", unique: windowed))?.record.id == ended.id)
            #expect(try await target.answer(to: source.task(unique: .usual))?.record.id == holder.id)
            #expect(try await target.answer(to: source.task(unique: .usual, .rerun))?.record.id == next.id)
            try await target.settle(running, .success(nil))
            #expect(try await target.claimOne().id == next.id)
        },
        ConformanceCase("unique: canceled between the look and the act") { fixture in
            let store = fixture.store
            let task = try await fixture.submit(fixture.task(unique: .usual))
            let newer = fixture.task(unique: .usual, .replace)
            async let canceled = store.cancel([task.id], grace: .zero)
            async let answer = store.insert([newer])
            let (cancellation, outcome) = (try await canceled.first, try await answer.first)
            let record = try await fixture.read(task.id)
            #expect(cancellation?.rejection == nil && record.status == .canceled)
            // Either the waiting task took it over and was canceled with it, or it is a task of its own.
            if outcome?.isInserted == true {
                #expect(record.version == 2)
                #expect(try await fixture.read(newer.id).status == .pending)
            } else {
                #expect(record.version == 3)
            }
        },
    ]
}

extension UniqueRule {
    static let usual = UniqueRule(key: "u")

    static let started: UniqueRule = {
        var rule = UniqueRule.usual
        rule.until = .started
        return rule
    }()

    /// A rule with a window of a minute.
    static func windowed(_ until: Until) -> UniqueRule {
        var rule = UniqueRule.usual
        (rule.until, rule.window) = (until, .seconds(60))
        return rule
    }
}

extension StoreFixture {
    func task(
        _ type: String = "a", priority: Int32 = 0, queueTimeout: Duration? = nil, unique: UniqueRule,
        _ conflict: UniqueConflict = .returnExisting, schedule: NewTask.Schedule = .now, bytes: Int? = nil
    ) -> NewTask {
        var task = task(
            type, priority: priority, queueTimeout: queueTimeout, schedule: schedule, bytes: bytes)
        task.definition.unique = unique
        task.onConflict = conflict
        return task
    }

    func answer(to task: NewTask) async throws -> InsertOutcome? {
        try await store.insert([task]).first
    }
}

extension InsertOutcome {
    fileprivate var isInserted: Bool {
        if case .inserted = self { true } else { false }
    }
}

extension ChangeOutcome {
    fileprivate var rejection: TransitionRejection? {
        if case .rejected(let rejection, _) = self { rejection } else { nil }
    }
}
