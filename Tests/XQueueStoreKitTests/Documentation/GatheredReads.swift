import Testing
import XQueueCore
import XQueueStoreKit

/// Code from the module's article.
@Suite struct GatheredReads {
    private struct Server: Sendable {
        func read(_ ids: [TaskID]) async -> [Result<TaskRecord?, StoreError>] {
            ids.map { _ in .success(nil) }
        }
    }

    @Test func readsWhatSeveralAsk() async throws {
        let server = Server()
        let id = TaskIDGenerator().next()
        let gatherer = CallGatherer<TaskID, TaskRecord?>(maxWaiting: 65_536, maxWeight: 100)
        let record = try await gatherer.call(id) { ids in
            await server.read(ids)
        }
        #expect(record == nil)
    }
}
