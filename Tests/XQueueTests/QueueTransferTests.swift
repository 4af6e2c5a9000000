import Testing
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

@testable import XQueue

/// Copying a queue from store to store, and everything that may interrupt or prevent it.
@Suite("Queue transfer") struct QueueTransferTests {
    private let clock = ManualClock()
    private let ids: TaskIDGenerator
    private let source: FaultyStore
    private let target: FaultyStore

    init() throws {
        ids = TaskIDGenerator(clock: clock, random: SeededRandomSource(seed: 3))
        source = FaultyStore(try SQLiteStore(path: ":memory:", clock: clock))
        target = FaultyStore(try SQLiteStore(path: ":memory:", clock: clock))
    }

    private func submit(_ count: Int, to store: any Store, type: String = "a") async throws {
        _ = try await store.insert((0..<count).map { _ in NewTask(id: ids.next(), type: type) })
    }

    private func transfer(
        merges: Bool = false, from name: String = "old", _ progress: (TransferReport) -> Void = { _ in }
    ) async throws -> TransferReport {
        let (from, to) = (QueueTransfer.Side(source, name: name), QueueTransfer.Side(target, name: "new"))
        return try await QueueTransfer(from: from, to: to, merges: merges, pageSize: 10).run(
            progress: progress)
    }

    private func expect(_ reason: TransferError.Reason, merges: Bool = false, from name: String = "old") async
    {
        await #expect {
            _ = try await transfer(merges: merges, from: name)
        } throws: { error in
            (error as? TransferError)?.reason == reason
        }
    }

    private func expectSame() async throws {
        let query = TaskQuery(limit: 1000)
        #expect(try await source.tasks(query) == target.tasks(query))
        #expect(try await source.types() == target.types())
    }

    @Test func tasksTypesPausesAndLimitsAreCopiedOnce() async throws {
        try await submit(35, to: source)
        try await source.setLimit(4, ofType: "a")
        try await source.setPaused(true, type: "b")
        try await source.setLimit(nil, ofType: "c")
        var seen: [Int] = []
        let report = try await transfer { seen.append($0.read) }
        #expect(seen == [10, 20, 30, 35])
        #expect((report.total, report.read, report.outcomes, report.types) == (35, 35, [.adopted: 35], 3))
        #expect(report.isWhole && report.endedBefore == nil)
        try await expectSame()
        let again = try await transfer()
        #expect(again.endedBefore == clock.now() && again.outcomes.isEmpty)
    }

    @Test func schedulesAreCopiedWithWhatTheyHaveDone() async throws {
        let names = (0..<25).map { "schedule-\(10 + $0)" }
        for name in names {
            let record = ScheduleRecord(
                name: name, dueAt: clock.now() + .seconds(60), definition: RawJSON(trusted: #"{"every":60}"#),
                state: RawJSON(trusted: #"{"fired":7}"#))
            _ = try await source.save(record)
        }
        var own = try #require(try await source.schedule(names[3]))
        (own.version, own.state) = (0, RawJSON(trusted: #"{"fired":1}"#))
        _ = try await target.save(own)
        let report = try await transfer()
        #expect(report.schedules == 24)
        let copied = try await target.schedules(after: nil, limit: 100)
        #expect(copied.map(\.name) == names)
        for record in copied {
            let expected = record.name == own.name ? #"{"fired":1}"# : #"{"fired":7}"#
            #expect(record.state.text == expected && record.dueAt == own.dueAt && record.version == 1)
        }
    }

    @Test(arguments: [FaultyStore.Moment.before, .after]) func aLostConnectionIsResumed(
        at moment: FaultyStore.Moment
    ) async throws {
        try await submit(35, to: source)
        var pages = 0
        await #expect(throws: StoreError.self) {
            _ = try await transfer { _ in
                pages += 1
                if pages == 2 { target.fail(.adopt, moment) }
            }
        }
        let report = try await transfer()
        // The last page read before the failure is adopted once more.
        #expect(report.resumedAt == (moment == .before ? 10 : 20) && report.outcomes == [.adopted: 35])
        try await expectSame()
        target.fail(.endTransfer)
        #expect(try await transfer().endedBefore != nil)
    }

    @Test func aCanceledRunStopsBetweenPagesAndIsResumed() async throws {
        try await submit(35, to: source)
        let run = Task {
            try await transfer { _ in withUnsafeCurrentTask { $0?.cancel() } }
        }
        await #expect(throws: CancellationError.self) { try await run.value }
        #expect(try await transfer().resumedAt == 0)
        try await expectSame()
    }

    @Test func aLeaseLostBetweenTwoRunsIsNoConflict() async throws {
        try await submit(15, to: source)
        _ = try await source.insert([NewTask(id: ids.next(), type: "a") { $0.priority = 1 }])
        let grant = ClaimGrant(
            token: LeaseToken(rawValue: 7), workerID: "w", lease: .seconds(30), grace: .seconds(5))
        let running = try await source.claim(ClaimRequest(types: ["a"], count: 1, grant: grant)).tasks
        await #expect(throws: StoreError.self) {
            _ = try await transfer { _ in target.fail(.adopt) }
        }
        clock.advance(by: .seconds(60))
        #expect(try await target.sweep(limit: 10, draw: 0.5).changed == 1)
        let report = try await transfer()
        #expect(report.isWhole && report.outcomes == [.adopted: 16])
        #expect(try await target.task(running[0].id)?.status == .pending)
    }

    @Test func aChangedSourceIsRejected() async throws {
        try await submit(35, to: source)
        await #expect {
            _ = try await transfer { report in
                if report.read == 20 { target.fail(.adopt) }
            }
        } throws: { $0 is StoreError }
        try await submit(1, to: source)
        await expect(.sourceChanged)
        // An incomplete copy cannot be merged into.
        await expect(.targetInUse, merges: true, from: "another")
    }

    @Test func aTargetWithTasksRequiresMerging() async throws {
        try await submit(12, to: source)
        try await submit(5, to: target)
        try await source.setLimit(2, ofType: "a")
        try await source.setPaused(true, type: "b")
        try await target.setLimit(7, ofType: "a")
        await expect(.targetInUse)
        let report = try await transfer(merges: true)
        #expect(report.outcomes == [.adopted: 12])
        let types = try await target.types()
        #expect(types.map(\.counts.total) == [17, 0])
        #expect(types.map(\.limit) == [7, nil] && types.map(\.isPaused) == [false, true])
    }

    @Test func conflictingTasksAreListed() async throws {
        let task = NewTask(id: ids.next(), type: "a")
        let holder = NewTask(id: ids.next(), type: "a") { $0.uniqueKey = "u" }
        _ = try await source.insert([task, holder])
        _ = try await target.insert([task, NewTask(id: ids.next(), type: "a") { $0.uniqueKey = "u" }])
        _ = try await target.cancel([task.id], grace: .zero)
        let report = try await transfer(merges: true)
        #expect(report.outcomes == [.differs: 1, .uniqueKeyTaken: 1] && !report.isWhole)
        #expect(report.conflicts == [holder.id, task.id])
    }

    @Test func runningNodesPreventIt() async throws {
        try await submit(12, to: source)
        func node(_ id: String, _ roles: NodeRecord.Role) -> NodeRecord {
            NodeRecord(
                id: id,
                program: NodeRecord.Program(host: "h", processID: 1, version: "1", startedAt: clock.now()),
                types: [], load: WorkerLoad(total: 1, active: 0, stuck: 0), roles: roles)
        }
        for store in [source, target] {
            try await store.register(node("n", [.api, .worker]), lifetime: .seconds(30))
            await expect(.nodesRun)
            try await store.unregister("n")
        }
        // A remote worker is not a node, and may wait for a server.
        try await source.register(node("w", .remote), lifetime: .seconds(30))
        _ = try await transfer()
    }

    @Test func aSourceWithoutAQueueIsAnError() async throws {
        await expect(.nothingThere)
    }
}
