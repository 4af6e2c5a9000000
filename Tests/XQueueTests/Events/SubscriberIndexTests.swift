import Testing
import XQueueCore
import XQueueTesting

@testable import XQueue

@Suite("Subscriber index and ring") struct SubscriberIndexTests {
    private static let types = ["a", "b", "c"]

    /// An event of one of ten tasks, three types and all statuses.
    private static func event(_ number: Int, _ random: SeededRandomSource) -> SharedEvent {
        let task = Int(random.draw() * 10)
        let status = TaskStatus.allCases[Int(random.draw() * 6)]
        return SharedEvent(
            TaskEvent(
                cursor: EventCursor(time: Timestamp(milliseconds: 1), number: Int64(number)),
                taskID: TaskID(high: 0, low: UInt64(task)), type: types[task % 3],
                timestamp: Timestamp(milliseconds: 1), workerID: nil,
                change: .status(.init(previous: nil, status: status, version: 1))))
    }

    private static func filter(_ random: SeededRandomSource) -> EventFilter {
        var filter = EventFilter()
        if random.draw() < 0.5 { filter.taskIDs = [TaskID(high: 0, low: UInt64(random.draw() * 12))] }
        if random.draw() < 0.4 { filter.types = [types[Int(random.draw() * 3)], "none"] }
        if random.draw() < 0.4 { filter.statuses = [TaskStatus.allCases[Int(random.draw() * 6)]] }
        return filter
    }

    @Test("It finds the same as testing all subscribers", arguments: 1...20) func sameAsTestingAll(
        seed: UInt64
    ) {
        let random = SeededRandomSource(seed: seed)
        var index = SubscriberIndex()
        var filters: [Int: [EventFilter]] = [:]
        for step in 0..<200 {
            let id = Int(random.draw() * 30)
            if random.draw() < 0.3 {
                index.remove(id)
                filters[id] = nil
            } else {
                filters[id] = (0..<Int(random.draw() * 4)).map { _ in Self.filter(random) }
                index.insert(id, filters[id] ?? [])
            }
            guard step % 10 == 0 else { continue }
            let page = (0..<20).map { Self.event($0, random) }
            var expected: [Int: [Int64]] = [:]
            for (id, filters) in filters {
                let wanted = page.filter { shared in filters.contains { $0.matches(shared.event) } }
                if !wanted.isEmpty { expected[id] = wanted.map(\.event.cursor.number) }
            }
            #expect(index.matches(page).mapValues { $0.map(\.event.cursor.number) } == expected)
        }
    }

    @Test("The ring answers for the cursors it holds") func ring() throws {
        let random = SeededRandomSource(seed: 1)
        var ring = EventRing(capacity: 10)
        let place = { (number: Int) in EventCursor(time: Timestamp(milliseconds: 1), number: Int64(number)) }
        #expect(ring.page(after: place(0), limit: 5)?.isLast == nil)
        ring.restart(after: place(0))
        for number in 1...25 { ring.append([Self.event(number, random)]) }
        #expect(ring.page(after: place(3), limit: 5)?.isLast == nil)
        let page = try #require(ring.page(after: place(16), limit: 5))
        #expect(page.events.map(\.event.cursor.number) == [17, 18, 19, 20, 21])
        #expect(!page.isLast)
        let end = try #require(ring.page(after: place(23), limit: 5))
        #expect(end.events.map(\.event.cursor.number) == [24, 25])
        #expect(end.isLast)
    }
}
