import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let eventRetentionCases: [ConformanceCase] = [
        ConformanceCase(
            "events: beyond the cap the oldest are removed, and readers that missed them are notified",
            requires: .gapFreeCursors, limits: .init(events: EventRetention(count: 20))
        ) { fixture in
            let store = fixture.store
            let first = try await fixture.submit(fixture.task())
            let early = try await store.lastEvent()
            for _ in 0..<100 { try await fixture.submit(fixture.task()) }
            let page = try await store.events(after: early, limit: 1000, waiting: .zero)
            #expect(page.isReset)
            #expect(20...22 ~= page.events.count)
            #expect(page.events.last?.cursor.number == 101)
            #expect(!page.events.map(\.taskID).contains(first.id))
            let numbers = page.events.map(\.cursor.number)
            #expect(numbers == Array((numbers.first ?? 0)...101))
            let next = try await store.events(after: page.events[3].cursor, limit: 1000, waiting: .zero)
            #expect(!next.isReset)
            #expect(next.events == Array(page.events.dropFirst(4)))
            let before = EventCursor(
                time: page.events[0].cursor.time, number: page.events[0].cursor.number - 1)
            #expect(try await store.events(after: before, limit: 1, waiting: .zero).isReset == false)
            #expect(try await store.events(after: .start, limit: 1, waiting: .zero).isReset)
        },
        ConformanceCase(
            "events: old ones are removed at the next cleanup, and numbering continues",
            requires: .gapFreeCursors, limits: .init(events: EventRetention(age: .seconds(60)))
        ) { fixture in
            let store = fixture.store
            for _ in 0..<3 { try await fixture.submit(fixture.task()) }
            let old = try await store.lastEvent()
            fixture.clock.advance(by: .seconds(61))
            let retention = Retention(age: .seconds(1000), count: 1000)
            _ = try await store.prune(retention, limit: 100)
            #expect(try await store.lastEvent() == old)
            let task = try await fixture.submit(fixture.task())
            fixture.clock.advance(by: .seconds(30))
            _ = try await store.prune(retention, limit: 100)
            let page = try await store.events(after: old, limit: 100, waiting: .zero)
            #expect(!page.isReset)
            #expect(page.events.map(\.taskID) == [task.id])
            #expect(page.events.map(\.cursor.number) == [4])
            #expect(try await store.events(after: .start, limit: 100, waiting: .zero).isReset)
        },
        ConformanceCase(
            "events: none are written with a retention of 0", limits: .init(events: EventRetention(count: 0))
        ) { fixture in
            let store = fixture.store
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            try await fixture.settle(running, .success(nil))
            #expect(try await store.lastEvent() == .start)
            let page = try await store.events(after: .start, limit: 10, waiting: .zero)
            #expect(page == EventPage(events: [], next: .start, isReset: false, hasMore: false))
        },
        ConformanceCase(
            "events: a cursor of another log continues at its time, and is flagged", requires: .gapFreeCursors
        ) { fixture in
            let store = fixture.store
            let first = try await fixture.submit(fixture.task())
            fixture.clock.advance(by: .seconds(10))
            // The log that the reader followed reached further than this one, and was lost.
            let (lost, late) = (
                EventCursor(time: fixture.now, number: 1000),
                EventCursor(time: fixture.now + .seconds(60), number: 1000)
            )
            let none = try await store.events(after: lost, limit: 10, waiting: .seconds(3600))
            let end = try await store.lastEvent()
            #expect(none == EventPage(events: [], next: end, isReset: false, isRewound: true, hasMore: false))
            let second = try await fixture.submit([fixture.task(), fixture.task()])
            fixture.clock.advance(by: .seconds(1))
            let third = try await fixture.submit(fixture.task())
            let page = try await store.events(after: lost, limit: 2, waiting: .zero)
            #expect(page.isRewound && !page.isReset && page.hasMore)
            #expect(page.events.map(\.taskID) == second.map(\.id))
            let rest = try await store.events(after: page.next, limit: 10, waiting: .zero)
            #expect(!rest.isRewound && !rest.isReset)
            #expect(rest.events.map(\.taskID) == [third.id])
            let nothing = try await store.events(after: late, limit: 10, waiting: .zero)
            #expect(nothing.isRewound && nothing.events.isEmpty)
            #expect(nothing.next == rest.next)
            // This log's numbers have passed the cursor's, but its time still shows the difference.
            let passed = EventCursor(time: fixture.now + .milliseconds(-1500), number: 2)
            let all = try await store.events(after: passed, limit: 10, waiting: .zero)
            #expect(all.isRewound)
            #expect(all.events.map(\.taskID) == second.map(\.id) + [third.id])
            let old = EventCursor(time: first.createdAt + .seconds(-1), number: 1000)
            let whole = try await store.events(after: old, limit: 10, waiting: .zero)
            #expect(whole.isRewound)
            #expect(whole.events.map(\.cursor.number) == [1, 2, 3, 4])
        },
        ConformanceCase(
            "events: a cursor of another log whose time is before the log's start has missed some",
            requires: .gapFreeCursors, limits: .init(events: EventRetention(count: 20))
        ) { fixture in
            let before = EventCursor(time: fixture.now + .seconds(-1), number: 1000)
            for _ in 0..<100 { try await fixture.submit(fixture.task()) }
            let page = try await fixture.store.events(after: before, limit: 1000, waiting: .zero)
            #expect(page.isReset && !page.isRewound)
            #expect(page.events.last?.cursor.number == 100)
        },
        ConformanceCase("events: a cursor waits at the end of an empty log") { fixture in
            let store = fixture.store
            #expect(try await store.lastEvent() == .start)
            let page = try await store.events(after: .start, limit: 10, waiting: .zero)
            #expect(page == EventPage(events: [], next: .start, isReset: false, hasMore: false))
        },
        ConformanceCase("events: texts of every kind are stored exactly") { fixture in
            let type = String(repeating: "t", count: ModelLimits.typeLength)
            try await fixture.submit(fixture.task(type, maxRetry: 0))
            let message = String(repeating: "\u{1F680}\u{0}\"\\ ", count: 50)
            try await fixture.settle(
                try await fixture.claimOne(type),
                .failure(AttemptFailure(message, kind: .error), draw: 0.5))
            let last = try #require(try await fixture.log().last)
            #expect(last.type == type)
            let record = try await fixture.read(last.taskID)
            #expect(
                last.change
                    == .status(
                        .init(
                            previous: .processing, status: .failed, version: 3, retryCount: 0,
                            error: record.error)))
        },
        ConformanceCase("events: only the lease's holder can move a sink's cursor") { fixture in
            let store = fixture.store
            #expect(try await store.sinkCursor("s") == .start)
            try await fixture.submit([fixture.task(), fixture.task()])
            let end = try await store.lastEvent()
            #expect(try await store.acknowledge("s", upTo: end, by: "node-1") == false)
            #expect(try await store.hold(.sink("s"), by: "node-1", for: .seconds(10)))
            #expect(try await store.acknowledge("s", upTo: end, by: "node-2") == false)
            #expect(try await store.sinkCursor("s") == .start)
            #expect(try await store.acknowledge("s", upTo: end, by: "node-1"))
            #expect(try await store.sinkCursor("s") == end)
            #expect(try await store.sinkCursor("other") == .start)
            fixture.clock.advance(by: .seconds(10))
            #expect(try await store.acknowledge("s", upTo: .start, by: "node-1") == false)
            #expect(try await store.hold(.sink("s"), by: "node-2", for: .seconds(10)))
            #expect(try await store.hold(.sink("t"), by: "node-1", for: .seconds(10)))
            #expect(try await store.sinkCursor("s") == end)
        },
        ConformanceCase("events: concurrent callers leave no gap in any task's versions") { fixture in
            let store = fixture.store
            let ids = try await withThrowingTaskGroup(of: [TaskID].self) { group in
                for index in 0..<20 {
                    group.addTask {
                        let tasks = (0..<10).map { _ in fixture.task("type-\(index % 3)") }
                        try await fixture.submit(tasks)
                        let request = ClaimRequest(
                            types: ["type-\(index % 3)"], count: 5, grant: fixture.grant())
                        for record in try await store.claim(request).tasks {
                            try await fixture.settle(record, .success(nil))
                        }
                        return tasks.map(\.id)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            let events = try await fixture.log()
            #expect(firstDifference(events.map(\.cursor.number), 1...Int64(events.count)) == nil)
            #expect(zip(events, events.dropFirst()).allSatisfy { $0.cursor < $1.cursor })
            let byTask = Dictionary(grouping: events, by: \.taskID)
            for id in ids {
                let versions = byTask[id, default: []].compactMap(\.statusChange?.version)
                #expect(versions == Array(1...(try await fixture.read(id).version)))
            }
        },
    ]
}
