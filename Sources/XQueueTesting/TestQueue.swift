public import Logging
import ServiceLifecycle
import Synchronization
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
/// Everything but the clock is real: the engine, its limits, retries and time-outs, and the embedded store.
public final class TestQueue: Sendable {
    /// What the code under test submits to and asks. It runs nothing itself.
    public let manager: TaskManager
    /// The queue's clock, for delays, back-offs and time-outs; it starts at 2026-01-01T00:00:00Z.
    public let clock: ManualClock
    private let store: SQLiteStore
    private let random = SeededRandomSource(seed: 1)
    private let configuration: QueueConfiguration
    private let logger: Logger
    private let setUp: @Sendable (TaskManager) throws -> Void

    /// Makes an empty queue.
    ///
    /// - Parameters:
    ///   - configuration: As in production; a short `gracePeriod` makes no difference, since no time passes.
    ///   - clock: What delays and time-outs go by.
    ///   - logger: Discards everything by default.
    ///   - setUp: Registers handlers and adds middleware, as your program does. It is called for ``manager`` and
    ///     again for each run.
    /// - Throws: What `setUp` throws, or `StoreError`.
    public init(
        configuration: QueueConfiguration = QueueConfiguration(), clock: ManualClock = ManualClock(),
        logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
        _ setUp: @escaping @Sendable (TaskManager) throws -> Void
    ) throws {
        self.clock = clock
        self.configuration = configuration
        self.logger = logger
        self.setUp = setUp
        store = try SQLiteStore(path: ":memory:", clock: clock, random: random)
        manager = TaskManager(
            store: KeptStore(base: store), configuration: configuration, logger: logger, clock: clock,
            random: random)
        try setUp(manager)
    }

    // MARK: - Running

    /// Runs handlers until nothing is left for them to do.
    ///
    /// Tasks that wait for a time stay where they are, unless it comes within `time`: then the clock is moved to
    /// it, so that an hour's back-off takes no time.
    ///
    /// - Parameters:
    ///   - time: How far the clock may be moved.
    ///   - patience: How long to wait in real time for handlers that do not return.
    /// - Returns: The tasks that ended, in the order in which they did.
    /// - Throws: ``NotIdle``, `QueueError`, or what the set-up throws.
    @discardableResult
    public func runUntilIdle(
        within time: Duration = .zero, patience: Duration = .seconds(60)
    ) async throws -> [TaskRecord] {
        let ended = EndedTasks()
        let runner = TaskManager(
            store: KeptStore(base: store), configuration: configuration, logger: logger, clock: clock,
            random: random)
        try setUp(runner)
        let group = ServiceGroup(services: [runner], logger: logger)
        let end = clock.now() + time
        let events = manager.events(after: try await store.lastEvent())
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask { for try await event in events { ended.note(event) } }
            do {
                try await waitUntilIdle(ended, patience)
                while let next = try await nextRun(), next <= end {
                    clock.advance(by: max(next - clock.now(), .zero))
                    try await waitUntilIdle(ended, patience)
                }
            } catch {
                tasks.cancelAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.next()
            tasks.cancelAll()
        }
        return try await ended.ids.records(of: manager)
    }

    private func waitUntilIdle(_ ended: EndedTasks, _ patience: Duration) async throws {
        let deadline = ContinuousClock.now + patience
        while true {
            let busy = try await unfinished().filter { !isWaiting($0) }
            guard let first = busy.first else { return }
            guard ContinuousClock.now < deadline else { throw NotIdle(count: busy.count, first: first) }
            guard await ended.changed.wait(atMost: deadline - ContinuousClock.now) || !Task.isCancelled else {
                throw CancellationError()
            }
        }
    }

    /// True for a task that only time can start.
    private func isWaiting(_ task: TaskRecord) -> Bool {
        task.pendingReason == .scheduled && task.runAt > clock.now()
    }

    private func nextRun() async throws -> Timestamp? {
        try await unfinished().filter(isWaiting).map(\.runAt).min()
    }

    /// The tasks that handlers of this queue have yet to finish.
    private func unfinished() async throws -> [TaskRecord] {
        let served = try await manager.types().filter { manager.ownTypes.contains($0.state.type) }
        let types = Set(served.filter { !$0.state.isPaused }.map(\.state.type))
        guard !types.isEmpty else { return [] }
        return try await all(TaskQuery(statuses: [.pending, .processing], types: types))
    }

    // MARK: - What was submitted

    /// All tasks, the oldest first.
    ///
    /// - Parameter type: The only type; nil for all.
    public func tasks(ofType type: String? = nil) async throws -> [TaskRecord] {
        try await all(TaskQuery(types: type.map { [$0] } ?? [])).reversed()
    }

    /// The payloads of all tasks that were submitted for a handler, the oldest first.
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

/// Handlers did not come to an end in time.
public struct NotIdle: Error, CustomStringConvertible {
    /// How many tasks are left that could run or do.
    public let count: Int
    /// The newest of them.
    public let first: TaskRecord

    public var description: String {
        "\(count) tasks do not end; task \(first.id) of type \(first.type) is \(first.status.rawValue)"
    }
}

/// A store that outlives the managers on it.
private struct KeptStore: StoreDecorator {
    let base: any Store

    func close() async {}
}

/// The tasks that ended in a run, as events tell.
private final class EndedTasks: Sendable {
    private let noted = Mutex<[TaskID]>([])
    /// Something has happened to a task.
    let changed = AsyncEvent()

    var ids: [TaskID] { noted.withLock { $0 } }

    func note(_ event: TaskEvent) {
        if event.status.isFinal { noted.withLock { $0.append(event.taskID) } }
        changed.signal()
    }
}

extension [TaskID] {
    fileprivate func records(of manager: TaskManager) async throws -> [TaskRecord] {
        var records: [TaskRecord] = []
        for id in self {
            if let record = try await manager.task(id) { records.append(record) }
        }
        return records
    }
}
