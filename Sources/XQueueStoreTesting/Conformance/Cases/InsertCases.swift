import Testing
import XQueueCore

extension StoreConformance {
    static let insertCases: [ConformanceCase] = [
        ConformanceCase("insert: stores exactly the record the state machine predicts") { fixture in
            var tasks = [
                fixture.task(), fixture.task("b", priority: .max, schedule: .after(.milliseconds(1))),
                fixture.task("b", priority: .min, schedule: .at(fixture.now + .seconds(5))),
                fixture.task(schedule: .at(fixture.now + .seconds(-5))),
                fixture.task(schedule: .after(.zero)),
                fixture.elaborateTask(schedule: .after(.seconds(86_400))),
            ]
            tasks.append(NewTask(id: fixture.nextID(), type: "standard"))
            let outcomes = try await fixture.store.insert(tasks)
            #expect(outcomes.count == tasks.count)
            for (task, outcome) in zip(tasks, outcomes) {
                let expected = TaskStateMachine.submit(task, at: fixture.now)
                #expect(outcome == .inserted(expected))
                #expect(try await fixture.store.task(task.id) == expected)
            }
        },
        ConformanceCase("insert: keeps a payload byte for byte") { fixture in
            let texts = [
                #"{ "b" : 1 , "a":[ 1.0, 1e3 ,-0 ] , "b":2 }"#, #""\u0000 \/ \ud83d\ude00 😀 é""#,
                "12345678901234567890123", "[]", "null", #""""#,
            ]
            for text in texts {
                var task = fixture.task()
                task.payload = try RawJSON(text)
                try await fixture.submit(task)
                #expect(try await fixture.read(task.id).payload.text.utf8.elementsEqual(text.utf8))
            }
        },
        ConformanceCase("insert: existing tasks are abridged once they fill the reply") { fixture in
            let tasks = (0..<11).map { _ in fixture.task(bytes: 1 << 20) }
            let records = try await fixture.submit(tasks)
            let again = try await fixture.submit(tasks + [fixture.task()])
            #expect(Array(again.prefix(9)) == Array(records.prefix(9)))
            for (record, abridged) in zip(records, again).dropFirst(9) {
                #expect(abridged.isAbridged && abridged.payload == .null)
                #expect(abridged.id == record.id && abridged.status == .pending)
                #expect(abridged.createdAt == record.createdAt)
            }
            #expect(again.last?.isAbridged == false)
        },
        ConformanceCase("insert: accepts names of any characters and the longest keys") { fixture in
            let key = "ключ 😀 ' \" % \\ { } \u{1}" + String(repeating: "k", count: 200)
            var task = fixture.task("a.b:c_d-9", key: key, limit: 1_000_000)
            task.uniqueKey = key
            let record = try await fixture.submit(task)
            #expect(try await fixture.read(record.id) == record)
            let claimed = try await fixture.claimOne("a.b:c_d-9")
            #expect(claimed.concurrency?.key == key)
            #expect(claimed.uniqueKey == key)
        },
        ConformanceCase("insert: the trace of a task stays with it, through attempts and requeues") {
            fixture in
            for (type, state) in [("a", nil), ("b", "congo=t61rcWkgMzE")] {
                let trace = try #require(
                    TraceContext(
                        parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", state: state))
                var task = fixture.task(type, key: "key", maxRetry: 0, uniqueKey: "once")
                task.payload = try RawJSON("\"\(String(repeating: "x", count: 5000))\"")
                task.trace = trace
                #expect(try await fixture.submit(task).trace == trace)
                for _ in 0..<2 {
                    let claimed = try await fixture.claimOne(type)
                    #expect(claimed.trace == trace && claimed.payload == task.payload)
                    try await fixture.settle(claimed, .failure(AttemptFailure("no"), draw: 0))
                    #expect(try await fixture.read(task.id).trace == trace)
                    _ = try await fixture.store.requeue([task.id])
                }
                let query = TaskQuery(types: [type])
                #expect(try await fixture.store.tasks(query).tasks.map(\.trace) == [trace])
                _ = try await fixture.store.cancel([task.id], grace: .zero)
            }
            let without = fixture.task()
            try await fixture.submit(without)
            #expect(try await fixture.read(without.id).trace == nil)
        },
        ConformanceCase("insert: a known identifier yields its task") { fixture in
            let task = fixture.task()
            let first = try await fixture.submit(task)
            #expect(try await fixture.store.insert([task]) == [.existing(first)])
            var changed = task
            changed.priority = 9
            #expect(try await fixture.store.insert([changed]) == [.existing(first)])
            let claimed = try await fixture.claimOne()
            #expect(try await fixture.store.insert([task]) == [.existing(claimed)])
            try await fixture.settle(claimed, .success(nil))
            let ended = try await fixture.read(task.id)
            #expect(try await fixture.store.insert([task]) == [.existing(ended)])
        },
        ConformanceCase("insert: an empty call returns nothing") { fixture in
            let outcomes = try await fixture.store.insert([])
            #expect(outcomes.isEmpty)
        },
        ConformanceCase("insert: returns a large batch in order") { fixture in
            let tasks = (0..<1000).map { fixture.task(priority: Int32($0 % 7)) }
            let outcomes = try await fixture.store.insert(tasks)
            #expect(outcomes.map(\.record.id) == tasks.map(\.id))
            #expect(try await fixture.store.tasks(TaskQuery()).total == 1000)
        },
    ]
}

extension StoreConformance {
    static let batchCases: [ConformanceCase] = [
        ConformanceCase(
            "batch: a failing call does not fail others in the same commit", limits: .init(maxBacklog: 50)
        ) {
            fixture in
            let batches = (0..<20).map { _ in (0..<10).map { _ in fixture.task() } }
            let accepted = try await withThrowingTaskGroup(of: [TaskID].self) { group in
                for batch in batches {
                    group.addTask {
                        do throws(StoreError) {
                            return try await fixture.store.insert(batch).map(\.record.id)
                        } catch {
                            guard error.code == .backlogFull else { throw error }
                            return []
                        }
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(accepted.filter { !$0.isEmpty }.count == 5)
            let page = try await fixture.store.tasks(TaskQuery(limit: 1000))
            #expect(Set(page.tasks.ids) == Set(accepted.joined()))
            #expect(page.total == 50)
        },
        ConformanceCase("batch: concurrent calls each get their own results") { fixture in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<100 {
                    group.addTask {
                        let tasks = (0...(index % 4)).map { _ in fixture.task("t\(index % 5)") }
                        let outcomes = try await fixture.store.insert(tasks)
                        #expect(outcomes.map(\.record.id) == tasks.map(\.id))
                        #expect(try await fixture.store.task(tasks[0].id)?.type == "t\(index % 5)")
                    }
                }
                try await group.waitForAll()
            }
        },
    ]
}
