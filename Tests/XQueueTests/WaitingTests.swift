import Testing
import XQueueTesting

@testable import XQueue

@Suite("Waiting for tasks") struct WaitingTests {
    private struct Double: TaskHandler {
        static let type = "double"

        func handle(_ task: TaskContext<Int>) async throws -> Int {
            guard task.payload >= 0 else { throw TaskFailure("negative", isPermanent: true) }
            return task.payload * 2
        }
    }

    private struct Silent: TaskHandler {
        static let type = "silent"

        func handle(_ task: TaskContext<Int>) async throws {}
    }

    private func fixture() throws -> RuntimeFixture {
        let fixture = try RuntimeFixture()
        try fixture.manager.register(Double())
        try fixture.manager.register(Silent())
        return fixture
    }

    @Test("The result comes back typed") func result() async throws {
        let fixture = try fixture()
        try await fixture.running { _ in
            #expect(try await fixture.manager.submitAndWait(Double.self, 21) == 42)
            try await fixture.manager.submitAndWait(Silent.self, 1)
            let error = await #expect(throws: TaskUnsuccessful.self) {
                try await fixture.manager.submitAndWait(Double.self, -1)
            }
            #expect(error?.record.status == .failed)
            #expect(error?.description.hasSuffix("ended as failed: negative") == true)
        }
    }

    @Test("Many wait at once, and one that comes too late does not wait") func many() async throws {
        let fixture = try fixture()
        try await fixture.running { _ in
            let sum = try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 0..<50 {
                    tasks.addTask { try await fixture.manager.submitAndWait(Double.self, number) }
                }
                return try await tasks.reduce(0, +)
            }
            #expect(sum == 2450)
            let task = try await fixture.manager.submit(Double.self, 1)
            #expect(try await fixture.manager.wait(for: task.id).status == .success)
            #expect(try await fixture.manager.wait(for: task.id).status == .success)
        }
    }

    @Test("Waits that end while their subscription starts leave the bus whole") func shortWaits() async throws
    {
        let manager = try fixture().manager
        let task = try await manager.submit("a", .null)
        try await manager.cancel(task.id)
        // Alone, so that the last one to leave stops the reader, which starts again for the next.
        for _ in 0..<3000 { #expect(try await manager.wait(for: task.id).status == .canceled) }
        #expect(manager.eventBus.count == 0)
    }

    @Test("A wait ends at its time, with the Swift task, and for a task that does not exist") func ends()
        async throws
    {
        let fixture = try fixture()
        let manager = fixture.manager
        let task = try await manager.submit("nobody", .null)
        let late = Task { try await manager.wait(for: task.id, timeout: .seconds(30)) }
        await fixture.clock.waitForSleepers()
        fixture.clock.advance(by: .seconds(30))
        await #expect(throws: WaitTimeout.self) { try await late.value }

        let waiting = Task { try await manager.wait(for: task.id) }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }

        let id = try #require(TaskID("0198a000-0000-7000-8000-000000000000"))
        let error = await #expect(throws: QueueError.self) { try await manager.wait(for: id) }
        #expect(error?.code == .notFound)
    }

    @Test("A manager that only submits is closed, twice if need be") func close() async throws {
        let manager = try fixture().manager
        try await manager.submit("a", .null)
        await manager.close()
        await manager.close()
        let error = await #expect(throws: QueueError.self) { try await manager.submit("a", .null) }
        #expect(error?.code == .storeUnavailable)
    }
}
