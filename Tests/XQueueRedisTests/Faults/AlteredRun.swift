#if Redis

import Synchronization
import Testing
import XQueueCore
@testable import XQueueRedis
import XQueueTesting

/// Calls random operations of a store with altered replies, and uses the results as a node would.
final class AlteredRun: Sendable {
    /// Gets unaltered replies, so that there are always tasks in every state.
    private let real: RedisStore
    private let altered: RedisStore
    private let random: SeededRandomSource
    private let ids = TaskIDGenerator()
    private let known = Mutex<[AttemptID]>([])
    private let counts = Mutex((answers: 0, failures: 0))

    init(real: RedisStore, altered: RedisStore, seed: UInt64) {
        self.real = real
        self.altered = altered
        random = SeededRandomSource(seed: ~seed)
    }

    var answers: Int { counts.withLock { $0.answers } }
    var failures: Int { counts.withLock { $0.failures } }

    private func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

    static func grant(_ token: Int64) -> ClaimGrant {
        ClaimGrant(token: LeaseToken(rawValue: token), workerID: "w", lease: .seconds(60), grace: .seconds(5))
    }

    private func task() -> NewTask {
        NewTask(
            id: ids.next(), type: ["a", "b", "c"][below(3)], payload: RawJSON(trusted: "{\"n\": [1, \"x\"]}"),
            schedule: below(4) == 0 ? .after(.seconds(below(100))) : .now
        ) { task in
            task.priority = Int32(below(5))
            task.queueTimeout = below(2) == 0 ? .seconds(600) : nil
            task.processTimeout = below(2) == 0 ? .seconds(30) : nil
            task.concurrency = below(3) == 0 ? ConcurrencyLimit(key: "k\(below(3))", limit: 2) : nil
            task.uniqueKey = below(5) == 0 ? "u\(below(4))" : nil
        }
    }

    /// Creates tasks in every state, and a node.
    func populate() async throws {
        _ = try await real.prune(Retention(age: .seconds(3600), count: 50), limit: 500)
        _ = try await real.insert((0..<20).map { _ in task() })
        let claimed = try await real.claim(
            ClaimRequest(types: ["a", "b", "c"], count: 12, grant: Self.grant(Int64(below(1 << 30)) + 1))
        ).tasks
        let attempts = claimed.compactMap { record in
            record.lease.map { AttemptID(taskID: record.id, token: $0.token) }
        }
        try await real.report(
            attempts.prefix(4).map {
                ProgressReport(attempt: $0, progress: TaskProgress(percent: 5, message: "m"))
            })
        let ends = attempts.prefix(6).enumerated().map { index, attempt in
            Settlement(
                attempt: attempt,
                outcome: index.isMultiple(of: 2)
                    ? .success(RawJSON(trusted: "[1]")) : .failure(AttemptFailure("broken"), draw: 0.5))
        }
        _ = try await real.settle(ends)
        let node = NodeRecord(
            id: "n\(below(3))",
            program: NodeRecord.Program(
                host: "h", processID: 7, version: "1", startedAt: Timestamp(milliseconds: 1)),
            types: ["a"], load: WorkerLoad(total: 4, active: 1, stuck: 0), roles: .worker)
        try await real.register(node, lifetime: .seconds(60))
        known.withLock { $0 = Array(($0 + attempts).suffix(60)) }
    }

    func takeOneStep() async {
        do throws(StoreError) {
            try await step()
            counts.withLock { $0.answers += 1 }
        } catch {
            #expect(!error.message.isEmpty && error.message.utf8.count < 2000)
            counts.withLock { $0.failures += 1 }
        }
    }

    func close() async {
        await altered.close()
        await real.close()
    }

    private func step() async throws(StoreError) {
        let attempt = known.withLock { $0.isEmpty ? nil : $0[below($0.count)] }
        let attempts = attempt.map { [$0] } ?? []
        let tasks = attempts.map(\.taskID)
        switch below(18) {
        case 0: for outcome in try await altered.insert([task(), task()]) { use(outcome.record) }
        case 1:
            let request = ClaimRequest(
                types: ["a", "b", "c"], count: 3, grant: Self.grant(Int64(below(1 << 30)) + 1))
            for record in try await altered.claim(request).tasks { use(record) }
        case 2:
            let outcome = AttemptOutcome.failure(AttemptFailure("again"), draw: 0.25)
            _ = try await altered.settle(attempts.map { Settlement(attempt: $0, outcome: outcome) })
        case 3: _ = try await altered.heartbeat(attempts, lease: .seconds(60))
        case 4:
            try await altered.report(
                attempts.map { ProgressReport(attempt: $0, progress: TaskProgress(percent: 50)) })
        case 5: use(try await altered.cancel(tasks, grace: .seconds(5)))
        case 6: use(try await altered.requeue(tasks))
        case 7: try await altered.setLimit(below(9) + 1, ofType: "a")
        case 8:
            let swept = try await altered.sweep(limit: 300, draw: 0.5)
            for wait in [swept.nextDueIn, swept.nextScheduleIn].compactMap({ $0 }) { _ = wait.inSeconds }
        case 9: _ = try await altered.prune(Retention(age: .seconds(3600), count: 1000), limit: 300)
        case 10: for node in try await altered.nodes() { _ = node.lastSeenAt.rfc3339 }
        case 11:
            _ = try await altered.hold(.sink("s"), by: "n", for: .seconds(60))
            _ = try await altered.sinkCursor("s")
            if let birth = try await altered.birth() { _ = birth.bornAt.rfc3339 }
        case 12: try await follow()
        case 13: for id in tasks { if let record = try await altered.task(id) { use(record) } }
        case 14:
            var query = TaskQuery(limit: 20, offset: below(10))
            let page = try await altered.tasks(query)
            for record in page.tasks { use(record) }
            query.after = page.next
            for record in try await altered.tasks(query).tasks { use(record) }
        case 15:
            let page = try await real.copies(TaskQuery(limit: 5))
            _ = try await altered.adopt(page.copies, note: "note")
            try await altered.endTransfer(note: "note")
            _ = try await altered.transferNote()
        case 16: try await useSchedules()
        default:
            let statistics = try await altered.statistics()
            _ = (statistics.counts.total, statistics.counts.finished, statistics.oldestPendingAge?.inSeconds)
            _ = statistics.lastMinute + statistics.lastMinute
            _ = try await altered.types().reduce(StatusCounts()) { $0 + $1.counts }
        }
    }

    private func useSchedules() async throws(StoreError) {
        let name = "s\(below(3))"
        var record = ScheduleRecord(
            name: name, dueAt: below(3) == 0 ? nil : Timestamp(milliseconds: 1_767_225_600_000),
            definition: RawJSON(trusted: #"{"every":60}"#), state: RawJSON(trusted: #"{"fired":1}"#))
        record.version = try await real.schedule(name)?.version ?? 0
        let change = ScheduleChange(schedule: name, outcome: .fired, tick: Timestamp(milliseconds: 1))
        let fired = task()
        let outcome = try await altered.save(
            record, firing: [fired], events: [ScheduleEvent(taskID: fired.id, type: "a", change: change)])
        if case .saved(_, let outcomes) = outcome { for outcome in outcomes { use(outcome.record) } }
        for schedule in try await altered.schedules(after: nil, limit: 10) { use(schedule) }
        if let schedule = try await altered.schedule(name) { use(schedule) }
        let due = try await altered.dueSchedules(limit: 10)
        for schedule in due.schedules { use(schedule) }
        _ = (due.now.rfc3339, due.nextDueIn?.inSeconds)
        if below(3) == 0 { _ = try await altered.removeSchedule(name, version: nil) }
    }

    private func use(_ schedule: ScheduleRecord) {
        _ = schedule.dueAt?.rfc3339
        _ = (
            schedule.version.adding(clamped: 1), try? schedule.definition.members(),
            try? schedule.state.members()
        )
    }

    private func follow() async throws(StoreError) {
        var cursor = try await altered.lastEvent()
        cursor.number = max(cursor.number.subtracting(clamped: Int64(below(200))), 0)
        for _ in 0..<3 {
            let page = try await altered.events(after: cursor, limit: 50, waiting: .zero)
            for event in page.events { _ = (event.timestamp.rfc3339, event.cursor.description) }
            _ = page.start
            cursor = page.next
        }
    }

    private func use(_ outcomes: [ChangeOutcome]) {
        for case .changed(let record) in outcomes { use(record) }
    }

    /// Uses a record as a node and its API do.
    private func use(_ record: TaskRecord) {
        _ = (record.attempt, record.dueAt, record.id.description)
        for time in [record.createdAt, record.updatedAt, record.runAt, record.startedAt, record.completedAt] {
            _ = time?.rfc3339
            _ = time.map { ($0 - record.createdAt).inSeconds }
        }
        for error in record.errors { _ = (error.attempt, error.endedAt.rfc3339) }
        _ = record.retryPolicy.backOff(retry: record.attempt, draw: 0.5)
        _ = try? record.payload.elements()
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.member("payload", record.payload)
            writer.member("percent", record.progress?.percent ?? 0)
            writer.member("attempt", record.attempt)
        }
        let token = record.lease?.token ?? LeaseToken(rawValue: 1)
        let now = Timestamp(milliseconds: Int64(bitPattern: random.next()))
        for transition: TaskTransition in [
            .claim(Self.grant(3)), .settle(token, .failure(AttemptFailure("x"), draw: 0.5)),
            .heartbeat(token, lease: .seconds(9)), .cancel(grace: .seconds(5)), .requeue, .expire(draw: 0.5),
        ] {
            var machine = TaskStateMachine(record)
            try? machine.apply(transition, at: now)
        }
    }
}

#endif
