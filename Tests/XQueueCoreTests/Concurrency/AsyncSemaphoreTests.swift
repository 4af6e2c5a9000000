import Testing
import XQueueTesting

@testable import XQueueCore

@Suite("Async semaphore") struct AsyncSemaphoreTests {
    @Test("Admits as many as it has permits") func bounds() async throws {
        let semaphore = AsyncSemaphore(2)
        let now = Woken()
        let most = Woken()
        await withDiscardingTaskGroup { group in
            for number in 0..<50 {
                group.addTask {
                    await semaphore.withPermit {
                        now.append(number)
                        most.append(now.all.count)
                        await Task.yield()
                        now.remove(number)
                    }
                }
            }
        }
        #expect(most.all.count == 50 && most.all.allSatisfy { $0 <= 2 })
        #expect(semaphore.waiterCount == 0)
    }

    @Test("Serves waiters in arrival order") func order() async throws {
        let semaphore = AsyncSemaphore(1)
        await semaphore.wait()
        let served = Woken()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...4 {
                group.addTask { await semaphore.withPermit { served.append(number) } }
                try await eventually("it waits") { semaphore.waiterCount == number }
            }
            semaphore.signal()
            try await group.waitForAll()
        }
        #expect(served.all == [1, 2, 3, 4])
    }

    @Test("A canceled waiter keeps its place and gets its permit in turn")
    func cancellation() async throws {
        let semaphore = AsyncSemaphore(1)
        await semaphore.wait()
        let waiting = Task { await semaphore.wait() }
        try await eventually("it waits") { semaphore.waiterCount == 1 }
        waiting.cancel()
        #expect(semaphore.waiterCount == 1)
        semaphore.signal()
        await waiting.value
        semaphore.signal()
        await semaphore.wait()
    }

    @Test("A throwing body releases its permit") func failure() async throws {
        let semaphore = AsyncSemaphore(1)
        await #expect(throws: StoreError.self) {
            try await semaphore.withPermit { () async throws(StoreError) in
                throw StoreError(.unavailable, "no")
            }
        }
        await semaphore.wait()
    }
}
