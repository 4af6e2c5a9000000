import Testing
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting

@Suite("Faulty store")
struct FaultyStoreTests {
    private let store: FaultyStore
    private let ids = TaskIDGenerator()

    init() throws {
        store = FaultyStore(try SQLiteStore(path: ":memory:"))
    }

    private func task() -> NewTask { NewTask(id: ids.next(), type: "a") }

    @Test func failsTheGivenNumberOfTimes() async throws {
        store.fail(.insert, times: 2, with: StoreError(.unavailable, "gone"))
        for _ in 0..<2 {
            await #expect(throws: StoreError.self) { try await store.insert([task()]) }
        }
        #expect(try await store.insert([task()]).count == 1)
        #expect(store.calls(of: .insert) == 3)
        #expect(try await store.tasks(TaskQuery()).total == 1)
        await store.close()
    }

    @Test func canFailAfterTheInnerStoreSucceeded() async throws {
        store.fail(.insert, .after)
        let task = task()
        await #expect(throws: StoreError.self) { try await store.insert([task]) }
        #expect(try await store.task(task.id)?.status == .pending)
        await store.close()
    }

    @Test func failsOnlyTheGivenVerb() async throws {
        store.fail(.claim)
        try await store.check()
        #expect(try await store.insert([task()]).count == 1)
        store.heal()
        let grant = ClaimGrant(
            token: LeaseToken(rawValue: 1), workerID: "w", lease: .seconds(9), grace: .zero)
        #expect(try await store.claim(ClaimRequest(types: ["a"], count: 1, grant: grant)).tasks.count == 1)
        await store.close()
    }

    @Test func holdsCallsUntilTheyAreReleased() async throws {
        store.hold(.insert)
        async let first = store.insert([task()])
        async let second = store.insert([task()])
        await store.waitForHeldCalls(of: .insert, count: 2)
        #expect(try await store.tasks(TaskQuery()).total == 0)
        store.release(.insert)
        #expect(try await first.count + second.count == 2)
        #expect(try await store.tasks(TaskQuery()).total == 2)
        await store.close()
    }
}
