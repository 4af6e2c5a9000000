import Testing
import XQueueCore
import XQueueSQLite
import XQueueTesting

@Suite("SQLite durability")
struct SQLiteDurabilityTests {
    private let clock = ManualClock()
    private let ids: TaskIDGenerator
    private let folder: TemporaryFolder

    init() throws {
        ids = TaskIDGenerator(clock: clock, random: SeededRandomSource(seed: 3))
        folder = try TemporaryFolder()
    }

    private func open() throws -> SQLiteStore {
        try SQLiteStore(path: folder.file("xqueue.db"), clock: clock)
    }

    @Test func everythingIsThereAfterReopening() async throws {
        let first = try open()
        let tasks = (0..<5).map { number in
            NewTask(id: ids.next(), type: "t\(number % 2)") { $0.uniqueKey = "u\(number)" }
        }
        _ = try await first.insert(tasks)
        try await first.setLimit(3, ofType: "t0")
        try await first.setPaused(true, type: "t1")
        _ = try await first.cancel([tasks[4].id], grace: .zero)
        let before = try await first.tasks(TaskQuery())
        let types = try await first.types()
        await first.close()

        let second = try open()
        #expect(try await second.tasks(TaskQuery()) == before)
        #expect(Set(try await second.types()) == Set(types))
        let again = try await second.insert([
            NewTask(id: ids.next(), type: "t0") { task in
                task.uniqueKey = "u0"
            }
        ])
        #expect(again.map(\.record.id) == [tasks[0].id])
        await second.close()
    }

    @Test func aTaskRunningWhenTheProcessDiedIsRetriedAndItsKeyFree() async throws {
        let first = try open()
        let running = NewTask(id: ids.next(), type: "a") { task in
            task.maxRetry = 1
            task.concurrency = ConcurrencyLimit(key: "k")
        }
        let waiting = NewTask(id: ids.next(), type: "b") { task in
            task.concurrency = ConcurrencyLimit(key: "k")
        }
        _ = try await first.insert([running, waiting])
        let claimed = try await first.claim(request(["a", "b"], token: 1)).tasks
        #expect(claimed.map(\.id) == [running.id])
        await first.close()

        let second = try open()
        let recovered = try #require(try await second.task(running.id))
        #expect(recovered.status == .pending)
        #expect(recovered.retryCount == 1)
        #expect(recovered.errors.map(\.kind) == [.leaseLost])
        let late = Settlement(
            attempt: AttemptID(taskID: running.id, token: LeaseToken(rawValue: 1)), outcome: .success(nil))
        #expect(try await second.settle([late]) == [.rejected(.leaseLost)])
        #expect(try await second.claim(request(["b"], token: 100)).tasks.map(\.id) == [waiting.id])
        await second.close()
    }

    @Test func attemptsThatExpiredWhileTheProcessWasDownAreRetriedAtDifferentTimes() async throws {
        let first = try open()
        let tasks = (0..<100).map { _ in
            NewTask(id: ids.next(), type: "a") { task in
                task.processTimeout = .seconds(5)
                task.retryPolicy = RetryPolicy(
                    strategy: .fixed, delay: .seconds(3600), maxDelay: .seconds(7200), jitter: 1)
            }
        }
        _ = try await first.insert(tasks)
        var claim = request(["a"], token: 1)
        claim.shares[0].count = 100
        #expect(try await first.claim(claim).tasks.count == 100)
        await first.close()
        clock.advance(by: .seconds(3600))
        let second = try open()
        let waiting = try await second.tasks(TaskQuery(limit: 100)).tasks
        #expect(waiting.allSatisfy { $0.pendingReason == .scheduled })
        #expect(Set(waiting.map(\.runAt)).count == 100)
        await second.close()
    }

    @Test func aRemoteAttemptContinuesAfterTheProcessDied() async throws {
        let token = LeaseToken(rawValue: 9)
        let first = try open()
        let task = NewTask(id: ids.next(), type: "a") { task in
            task.maxRetry = 1
        }
        _ = try await first.insert([task])
        var claim = request(["a"], token: token.rawValue)
        claim.grant.isRemote = true
        _ = try await first.claim(claim)
        await first.close()

        let second = try open()
        let attempt = AttemptID(taskID: task.id, token: token)
        #expect(try await second.task(task.id)?.status == .processing)
        #expect(try await second.heartbeat([attempt], lease: .seconds(60)) == [.held])
        await second.close()
        // Its lease still expires.
        clock.advance(by: .seconds(61))
        let third = try open()
        _ = try await third.sweep(limit: 10, draw: 0.0)
        #expect(try await third.task(task.id)?.errors.map(\.kind) == [.leaseLost])
        #expect(try await third.heartbeat([attempt], lease: .seconds(60)) == [.lost])
        await third.close()
    }

    @Test func aSecondStoreOnTheSameFileIsRejected() async throws {
        let first = try open()
        do throws(StoreError) {
            let second = try SQLiteStore(path: folder.file("xqueue.db"), clock: clock)
            await second.close()
            Issue.record("two stores opened the same file")
        } catch {
            #expect(error.code == .inUse)
        }
        await first.close()
        try await open().close()
    }

    private func request(_ types: [String], token: Int64) -> ClaimRequest {
        let grant = ClaimGrant(
            token: LeaseToken(rawValue: token), workerID: "w", lease: .seconds(60), grace: .zero)
        return ClaimRequest(types: types, count: 9, grant: grant)
    }
}
