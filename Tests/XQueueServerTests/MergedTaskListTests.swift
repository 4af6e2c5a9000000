import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("One list of several") struct MergedTaskListTests {
    private static let types = ["a", "b", "c", "d", "e"]

    private static func task(_ id: TaskID, _ index: Int) -> NewTask {
        let text = String(repeating: "\(index % 10)", count: index % 7 == 0 ? 5000 : 500)
        return NewTask(
            id: id, type: types[index * index % types.count], payload: RawJSON(trusted: "\"\(text)\""))
    }

    @Test(
        "Whatever finds room, every task comes once, whole and in order", arguments: [0, 700, 6000, 1 << 20])
    func order(maxBytes: Int) async throws {
        try await TestAPI.run { api in
            let ids = TaskIDGenerator()
            let tasks = (0..<60).map { Self.task(ids.next(), $0) }
            _ = try await api.store.insert(tasks)
            let list = MergedTaskList(Self.types.map { TaskQuery(types: [$0]) }, api.manager)
            var found: [TaskRecord] = []
            while found.count < tasks.count {
                let page = try await list.page(offset: found.count, limit: 50, maxBytes: maxBytes)
                try #require(!page.tasks.isEmpty && page.total == tasks.count)
                let all = page.tasks.reduce(0) { $0 + $1.contentBytes }
                #expect(all <= maxBytes + 5002)
                found += page.tasks
            }
            #expect(found.map(\.id) == tasks.map(\.id).reversed())
            #expect(found.map(\.payload) == tasks.map(\.payload).reversed())
        }
    }
}
