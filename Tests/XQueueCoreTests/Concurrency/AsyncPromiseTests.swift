import Testing
import XQueueTesting

@testable import XQueueCore

@Suite("Async promise") struct AsyncPromiseTests {
    @Test("Current and later waiters get the first value") func firstValue() async throws {
        let promise = AsyncPromise<Int>()
        let early = Task { await promise.value }
        let other = Task { await promise.wait() }
        try await eventually("both wait") { promise.waiterCount == 2 }
        #expect(promise.current == nil)
        #expect(promise.fulfill(1))
        #expect(!promise.fulfill(2))
        #expect(await early.value == 1)
        #expect(await other.value == 1)
        #expect(await promise.value == 1)
        #expect(promise.current == 1)
    }

    @Test("A canceled waiter gets nil, unless its wait ignores cancellation") func cancellation() async throws
    {
        let promise = AsyncPromise<Int>()
        let leaving = Task { await promise.wait() }
        let staying = Task { await promise.value }
        try await eventually("both wait") { promise.waiterCount == 2 }
        leaving.cancel()
        staying.cancel()
        #expect(await leaving.value == nil)
        #expect(promise.waiterCount == 1)
        promise.fulfill(3)
        #expect(await staying.value == 3)
    }

    @Test("A canceled task still gets a value that is already there") func lateCancellation() async {
        let promise = AsyncPromise<Void>()
        promise.fulfill()
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await promise.wait() != nil
        }
        #expect(await late.value)
    }
}
