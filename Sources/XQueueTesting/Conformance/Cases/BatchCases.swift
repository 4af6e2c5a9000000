import Testing
import XQueueCore

extension StoreConformance {
    static let batchCases: [ConformanceCase] = [
        ConformanceCase(
            "batch: a call that fails does not fail its neighbours", limits: .init(maxBacklog: 50)
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
        ConformanceCase("batch: many calls at once are each answered with their own") { fixture in
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
