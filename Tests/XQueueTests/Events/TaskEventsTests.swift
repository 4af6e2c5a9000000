import Testing
import XQueue
import XQueueCore
import XQueueTesting

@Suite("Events for Swift programs", .timeLimit(.minutes(5))) struct TaskEventsTests {
    @Test("A task's whole timeline") func timeLine() async throws {
        let fixture = try RuntimeFixture()
        try fixture.manager.register("double") { (task: TaskContext<Int>) in
            task.report(progress: 50)
            return task.payload * 2
        }
        try await fixture.running { _ in
            let task = try await fixture.manager.submit("double", try RawJSON("21"))
            let filter = EventFilter(taskIDs: [task.id], statuses: [.pending, .success])
            var statuses: [TaskStatus] = []
            var versions: [Int] = []
            for try await event in fixture.manager.events(
                matching: filter, after: EventCursor(time: task.createdAt))
            {
                guard case .status(let change) = event.change else { continue }
                statuses.append(change.status)
                versions.append(change.version)
                if change.status.isFinal { break }
            }
            #expect(statuses == [.pending, .success])
            #expect(versions == [1, 3])
        }
    }

    @Test(
        "However often a follower reconnects, it misses nothing and sees nothing twice", arguments: 1...4)
    func reconnects(seed: UInt64) async throws {
        let fixture = try RuntimeFixture()
        try fixture.manager.register("work") { (_: TaskContext<Int>) in 0 }
        let random = SeededRandomSource(seed: seed)
        try await fixture.running { _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<300 {
                        _ = try await fixture.manager.submit("work", try RawJSON("\(number)"))
                    }
                }
                var cursor = EventCursor.start
                var versions: [TaskID: Int] = [:]
                var ended = 0
                while ended < 300 {
                    try Task.checkCancellation()
                    var left = Int(random.draw() * 40) + 1
                    for try await event in fixture.manager.events(after: cursor) {
                        #expect(event.cursor > cursor)
                        cursor = event.cursor
                        if case .status(let change) = event.change {
                            #expect(change.version == (versions[event.taskID] ?? 0) + 1)
                            versions[event.taskID] = change.version
                            if change.status.isFinal { ended += 1 }
                        }
                        left -= 1
                        if left == 0 || ended == 300 { break }
                    }
                }
                #expect(versions.count == 300)
                try await group.waitForAll()
            }
        }
    }

    @Test("Canceling the Swift task ends the iteration") func cancellation() async throws {
        let fixture = try RuntimeFixture()
        let follower = Task {
            var count = 0
            for try await _ in fixture.manager.events() { count += 1 }
            return count
        }
        try await eventually("it follows") { fixture.manager.eventBus.count == 1 }
        follower.cancel()
        #expect(try await follower.value == 0)
        #expect(fixture.manager.eventBus.count == 0)
    }

    @Test("A gap is an error, and so is the manager's shutdown") func errors() async throws {
        let fixture = try RuntimeFixture()
        let first = try await fixture.manager.submit("a", .null)
        try await fixture.manager.submit("a", .null)
        let lost = EventCursor(time: first.createdAt, number: 1)
        // Two days later the log has pruned both.
        fixture.clock.advance(by: .seconds(2 * 86_400))
        try await fixture.manager.submit("a", .null)
        let retention = Retention(age: .seconds(7 * 86_400), count: 1_000_000)
        _ = try await fixture.store.prune(retention, limit: 100)
        let error = await #expect(throws: QueueError.self) {
            for try await _ in fixture.manager.events(after: lost) {}
        }
        #expect(error?.code == .eventsMissed)
        let follower = Task { for try await _ in fixture.manager.events() {} }
        try await eventually("it follows") { fixture.manager.eventBus.count == 1 }
        try await fixture.running { _ in }
        let end = await #expect(throws: QueueError.self) { try await follower.value }
        #expect(end?.code == .stopped)
    }
}
