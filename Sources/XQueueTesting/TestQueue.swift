public import Logging
import ServiceLifecycle
public import XQueue
import XQueueSQLite

/// A queue in memory for tests: handlers run when the test says so, and time passes when the test says so.
///
/// ```swift
/// let queue = try TestQueue { try $0.register(Resize()) }
/// try await queue.manager.submit(Resize.self, ResizeRequest(image: "cat.jpg", width: 640))
/// let ended = try await queue.runUntilIdle()
/// #expect(ended.map(\.status) == [.success])
/// ```
///
/// Everything but the clock is real: the engine, its limits and retries, and the embedded store. Nothing is pruned.
public final class TestQueue: Sendable {
    /// What the code under test submits to and queries. It runs no handlers itself.
    public let manager: TaskManager
    /// The queue's clock, for delays, back-offs and time-outs. It starts at the present and stands still until it is
    /// moved.
    public let clock: ManualClock
    private let store: SQLiteStore
    private let random = SeededRandomSource(seed: 1)
    private let logger: Logger
    /// Makes a manager on the store, set up as the program sets up its own.
    private let makeManager: @Sendable () throws -> TaskManager

    /// Makes an empty queue.
    ///
    /// - Parameters:
    ///   - configuration: As in production.
    ///   - clock: The queue's clock; starts at the present by default.
    ///   - logger: Discards everything by default.
    ///   - setUp: Registers handlers and adds middleware, as your program does. Called for ``manager``, and again for
    ///     each run.
    /// - Throws: What `setUp` throws, or `StoreError`.
    public init(
        configuration: QueueConfiguration = QueueConfiguration(),
        clock: ManualClock = ManualClock(SystemQueueClock().now()),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ setUp: @escaping @Sendable (TaskManager) throws -> Void
    ) throws {
        self.clock = clock
        self.logger = logger
        store = try SQLiteStore(path: ":memory:", clock: clock, random: random)
        var configuration = configuration
        configuration.retentionAge = .seconds(1000 * 365 * 86_400)
        configuration.retentionCount = 1_000_000_000
        // One for all managers, so that tasks keep the order in which they were submitted.
        let ids = TaskIDGenerator(clock: clock, random: random)
        makeManager = { [store, random, configuration] in
            let manager = TaskManager(
                store: KeptStore(base: store), configuration: configuration, logger: logger, clock: clock,
                random: random, ids: ids)
            try setUp(manager)
            return manager
        }
        manager = try makeManager()
    }

    // MARK: - Running

    /// Runs handlers until nothing is left for them to do.
    ///
    /// Tasks scheduled for later stay pending, unless their time comes within `time`: then the clock is moved to it, so
    /// that an hour's back-off takes no time.
    ///
    /// - Parameters:
    ///   - time: How far the clock may be moved.
    ///   - patience: How long to wait, in real time, while nothing happens to any task.
    /// - Returns: The tasks that ended, in the order in which they did.
    /// - Throws: ``NotIdle``, `QueueError`, or what the set-up throws.
    @discardableResult
    public func runUntilIdle(
        within time: Duration = .zero, patience: Duration = .seconds(60)
    ) async throws -> [TaskRecord] {
        let start = try await store.lastEvent()
        let end = clock.now() + time
        try await running {
            try await waitUntilIdle(patience)
            while let next = try await nextRun(), next <= end {
                clock.advance(by: max(next - clock.now(), .zero))
                try await waitUntilIdle(patience)
            }
        }
        return try await tasks(endedAfter: start)
    }

    /// Runs handlers while `body` runs: for code that waits for tasks, and for process time-outs, which pass when the
    /// body moves ``clock``.
    ///
    /// Handlers still running at the end are asked to stop; their tasks become pending again.
    ///
    /// - Returns: What `body` returns.
    /// - Throws: What `body` or the set-up throws.
    public func running<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        let runner = try makeManager()
        let group = ServiceGroup(services: [runner], logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let value: Value
            do {
                value = try await body()
            } catch {
                tasks.cancelAll()
                throw error
            }
            // A grace period would last until somebody moves the clock.
            if try await unfinished().contains(where: { $0.status == .processing }) {
                tasks.cancelAll()
                _ = try? await tasks.next()
            } else {
                await group.triggerGracefulShutdown()
                try await tasks.next()
            }
            return value
        }
    }

    private func waitUntilIdle(_ patience: Duration) async throws {
        var deadline = ContinuousClock.now + patience
        var last = try await store.lastEvent()
        while true {
            // What has become due; the runner's own sweep waits for the same clock.
            _ = try await store.sweep(limit: 1000, draw: SweepDraw(random)) { .seconds(1) }
            let busy = try await unfinished().filter { !isWaiting($0) }
            guard let first = busy.first else { return }
            let newest = try await store.lastEvent()
            if newest != last { (last, deadline) = (newest, ContinuousClock.now + patience) }
            guard ContinuousClock.now < deadline else { throw NotIdle(count: busy.count, first: first) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    /// Whether only time can start the task.
    private func isWaiting(_ task: TaskRecord) -> Bool {
        task.pendingReason == .scheduled && task.runAt > clock.now()
    }

    private func nextRun() async throws -> Timestamp? {
        try await unfinished().filter(isWaiting).map(\.runAt).min()
    }

    /// The tasks that handlers of this queue have yet to finish.
    private func unfinished() async throws -> [TaskRecord] {
        let served = try await manager.types().filter { manager.ownTypes.contains($0.state.type) }
        let types = Set(served.map(\.state.type))
        guard !types.isEmpty else { return [] }
        let paused = Set(served.filter(\.state.isPaused).map(\.state.type))
        return try await all(TaskQuery(statuses: [.pending, .processing], types: types))
            .filter { $0.status == .processing || !paused.contains($0.type) }
    }

    private func tasks(endedAfter start: EventCursor) async throws -> [TaskRecord] {
        var ended: [TaskRecord] = []
        var cursor = start
        while true {
            let page = try await store.events(after: cursor, limit: 1000, waiting: .zero)
            for event in page.events where event.status?.isFinal == true {
                if let record = try await manager.task(event.taskID) { ended.append(record) }
            }
            guard page.hasMore else { return ended }
            cursor = page.next
        }
    }

    // MARK: - Queries

    /// All tasks, the oldest first.
    ///
    /// - Parameter type: The only type; nil for all.
    public func tasks(ofType type: String? = nil) async throws -> [TaskRecord] {
        try await all(TaskQuery(types: type.map { [$0] } ?? [])).reversed()
    }

    /// The payloads of all tasks that were submitted for a handler, as they are stored, the oldest first.
    ///
    /// - Throws: `QueueError`, or a `DecodingError` if a payload is not the handler's.
    public func submitted<Handler: TaskHandler>(
        _ handler: Handler.Type
    ) async throws -> [Handler.Payload] {
        try await tasks(ofType: handler.type).map { try $0.payload.decode() }
    }

    /// The newest first.
    private func all(_ query: TaskQuery) async throws -> [TaskRecord] {
        var query = query
        query.limit = 1000
        var found: [TaskRecord] = []
        while true {
            let page = try await manager.tasks(query)
            found += page.tasks
            guard let next = page.next else { return found }
            query.after = next
        }
    }
}

/// Handlers did not finish in time.
public struct NotIdle: Error, CustomStringConvertible {
    /// How many tasks run or could run.
    public let count: Int
    /// The newest of them.
    public let first: TaskRecord

    public var description: String {
        "\(count) tasks have not ended; task \(first.id) of type \(first.type) is \(first.status.rawValue)"
    }
}

/// A store that outlives the managers on it.
private struct KeptStore: StoreDecorator {
    let base: any Store

    func close() async {}
}
