import Synchronization
import Testing
import XQueueCore
import XQueueTesting

/// A fresh store with its clock, and helpers for concise test cases.
struct StoreFixture: Sendable {
    let store: any Store
    let clock: ManualClock
    private let ids: TaskIDGenerator
    private let tokens: TokenCounter

    /// Runs `body` with a fresh store, and closes the store however `body` ends. Does nothing if the store
    /// lacks a required capability.
    static func with(
        _ harness: StoreHarness, requires: StoreCapabilities = [], limits: StoreLimits = .init(),
        seed: UInt64 = 1,
        _ body: @Sendable (StoreFixture) async throws -> Void
    ) async throws {
        let clock = ManualClock()
        let store = try await harness.makeStore(clock: clock, limits: limits)
        let ids = TaskIDGenerator(clock: clock, random: SeededRandomSource(seed: seed))
        let fixture = StoreFixture(store: store, clock: clock, ids: ids, tokens: TokenCounter())
        do {
            if store.capabilities.isSuperset(of: requires) { try await body(fixture) }
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    /// The same clock, identifiers and tokens with another store.
    func with(_ store: any Store) -> StoreFixture {
        StoreFixture(store: store, clock: clock, ids: ids, tokens: tokens)
    }

    var now: Timestamp { clock.now() }

    // MARK: - Submitting

    func nextID() -> TaskID { ids.next() }

    /// A task without timeouts and, by default, without a key.
    func task(
        _ type: String = "a", priority: Int32 = 0, key: String? = nil, limit: Int = 1,
        maxRetry: Int = 3, queueTimeout: Duration? = nil, processTimeout: Duration? = nil,
        uniqueKey: String? = nil, schedule: NewTask.Schedule = .now, bytes: Int? = nil
    ) -> NewTask {
        NewTask(
            id: ids.next(), type: type, payload: bytes.map { Self.payload(bytes: $0) } ?? .null,
            schedule: schedule
        ) { task in
            task.priority = priority
            task.maxRetry = maxRetry
            task.queueTimeout = queueTimeout
            task.processTimeout = processTimeout
            task.concurrency = key.map { ConcurrencyLimit(key: $0, limit: limit) }
            task.uniqueKey = uniqueKey
            task.retryPolicy = RetryPolicy(strategy: .fixed, delay: .seconds(10), jitter: 0)
        }
    }

    /// A task with a value in every field.
    func elaborateTask(schedule: NewTask.Schedule) -> NewTask {
        NewTask(
            id: ids.next(), type: "b", payload: RawJSON(trusted: #"{ "n": [1, "é"] }"#), schedule: schedule
        ) { task in
            task.priority = -7
            task.maxRetry = 1000
            task.queueTimeout = .milliseconds(1)
            task.processTimeout = .seconds(315_360_000)
            task.concurrency = ConcurrencyLimit(key: "k/é", limit: 1_000_000)
            task.unique = UniqueRule(key: "once")
            task.unique?.window = .milliseconds(1)
            task.retryPolicy = RetryPolicy(
                strategy: .linear, delay: .milliseconds(1500), maxDelay: .seconds(7200), jitter: 0.35)
            task.trace = TraceContext(
                parent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                state: "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7")
            task.metadata = try? RawJSON(#"{ "user": 12345678901234567890, "name": "“é\u0000”" }"#)
            task.scheduled = ScheduledTick(
                schedule: "nightly é", tick: Timestamp(milliseconds: 1_767_225_600_000),
                previousTick: Timestamp(milliseconds: -1), isLate: true)
        }
    }

    /// A payload of this many bytes, at least 2.
    private static func payload(bytes: Int) -> RawJSON {
        RawJSON(trusted: "\"" + String(repeating: "x", count: bytes - 2) + "\"")
    }

    /// Inserts `tasks` and returns their records.
    @discardableResult
    func submit(_ tasks: [NewTask]) async throws -> [TaskRecord] {
        try await store.insert(tasks).map(\.record)
    }

    @discardableResult
    func submit(_ task: NewTask) async throws -> TaskRecord {
        try #require(try await submit([task]).first)
    }

    // MARK: - Working

    func grant(lease: Duration = .seconds(60), grace: Duration = .seconds(5)) -> ClaimGrant {
        ClaimGrant(token: tokens.next(), workerID: "worker-1", lease: lease, grace: grace)
    }

    func claim(
        _ types: [String] = ["a"], count: Int = 1, lease: Duration = .seconds(60)
    ) async throws -> [TaskRecord] {
        let request = ClaimRequest(types: types, count: count, grant: grant(lease: lease))
        return try await store.claim(request).tasks
    }

    /// Claims one task of type `type`, which must exist.
    func claimOne(_ type: String = "a", lease: Duration = .seconds(60)) async throws -> TaskRecord {
        try #require(try await claim([type], lease: lease).first, "a task of type \(type) to claim")
    }

    @discardableResult
    func settle(_ record: TaskRecord, _ outcome: AttemptOutcome) async throws -> SettleOutcome {
        let settlement = Settlement(attempt: try attempt(of: record), outcome: outcome)
        return try #require(try await store.settle([settlement]).first)
    }

    func attempt(of record: TaskRecord) throws -> AttemptID {
        AttemptID(taskID: record.id, token: try #require(record.lease).token)
    }

    // MARK: - Reading

    func read(_ id: TaskID) async throws -> TaskRecord {
        try #require(try await store.task(id))
    }

    func reason(_ record: TaskRecord) async throws -> PendingReason? {
        try await read(record.id).pendingReason
    }

    func status(_ record: TaskRecord) async throws -> TaskStatus {
        try await read(record.id).status
    }

    /// Advances the clock and applies everything that has become due.
    func advance(by duration: Duration, draw: SweepDraw = 0.5) async throws {
        clock.advance(by: duration)
        _ = try await store.sweep(limit: 10_000, draw: draw)
    }

    /// The record after taking `transition` now, according to the pure state machine.
    func expected(_ record: TaskRecord, _ transition: TaskTransition) throws -> TaskRecord {
        var machine = TaskStateMachine(record)
        try machine.apply(transition, at: now)
        return machine.record
    }
}

/// Lease tokens that never repeat within a fixture, spaced for large claims.
final class TokenCounter: Sendable {
    private let last = Mutex<Int64>(0)

    func next() -> LeaseToken {
        last.withLock { last in
            last += 100_000
            return LeaseToken(rawValue: last)
        }
    }
}

extension Collection<TaskRecord> {
    var ids: [TaskID] { map(\.id) }
}

extension StoreFixture {
    /// Expects `call` to throw `code`.
    func expect<Value>(
        _ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation,
        from call: () async throws(StoreError) -> Value
    ) async {
        do throws(StoreError) {
            _ = try await call()
            Issue.record("expected \(code.rawValue)", sourceLocation: sourceLocation)
        } catch {
            #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        }
    }
}
