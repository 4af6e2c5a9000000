import CoreMetrics
import Logging
import Synchronization
import Testing
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

@testable import XQueue

/// A bus over an in-memory store, and a way to make events.
struct BusFixture: Sendable {
    let clock = ManualClock()
    let random = SeededRandomSource(seed: 1)
    let store: FaultyStore
    let bus: EventBus
    private let ids: TaskIDGenerator

    init(
        retention: EventRetention = EventRetention(), _ adjust: (inout EventBus.Limits) -> Void = { _ in }
    ) throws {
        store = FaultyStore(
            try SQLiteStore(
                path: ":memory:", limits: StoreLimits(events: retention), clock: clock, random: random))
        ids = TaskIDGenerator(clock: clock, random: random)
        var limits = EventBus.Limits(subscribers: 1000, bytes: 1 << 20)
        adjust(&limits)
        bus = EventBus(
            store: store, limits: limits,
            context: EngineContext(
                clock: clock, random: random, metrics: QueueMetrics(NOOPMetricsHandler.instance),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Submits `count` tasks, each of which is one event.
    @discardableResult
    func submit(_ count: Int = 1, type: String = "a") async throws -> [TaskID] {
        let tasks = (0..<count).map { _ in NewTask(id: ids.next(), type: type) }
        _ = try await store.insert(tasks)
        return tasks.map(\.id)
    }

    func subscribe(
        _ filters: [EventFilter] = [.all], after cursor: EventCursor? = nil, consumes: Bool = true
    ) throws -> Listener {
        let listener = Listener(consumes: consumes)
        listener.subscription = try bus.subscribe(filters, after: cursor) { listener.take($0) }
        return listener
    }
}

/// A subscriber that records its deliveries.
final class Listener: Sendable {
    private struct State {
        var subscription: EventSubscription?
        var starts: [EventCursor] = []
        var resets: [EventCursor] = []
        var rewinds: [EventCursor] = []
        var events: [TaskEvent] = []
        var end: QueueError?
        /// Events delivered before there was a subscription to confirm them to.
        var owed: [(Int, Int)] = []
    }

    private let consumes: Bool
    private let state = Mutex(State())

    init(consumes: Bool) {
        self.consumes = consumes
    }

    var subscription: EventSubscription? {
        get { state.withLock { $0.subscription } }
        set {
            let owed = state.withLock { state in
                state.subscription = newValue
                defer { state.owed = [] }
                return state.owed
            }
            for (count, cost) in owed { newValue?.consumed(count, cost: cost) }
        }
    }

    var starts: [EventCursor] { state.withLock { $0.starts } }
    var resets: [EventCursor] { state.withLock { $0.resets } }
    var rewinds: [EventCursor] { state.withLock { $0.rewinds } }
    var events: [TaskEvent] { state.withLock { $0.events } }
    var end: QueueError? { state.withLock { $0.end } }

    func take(_ delivery: EventDelivery) {
        let confirmed = state.withLock { state -> (EventSubscription, Int, Int)? in
            switch delivery {
            case .started(let cursor): state.starts.append(cursor)
            case .reset(let cursor): state.resets.append(cursor)
            case .rewound(let cursor): state.rewinds.append(cursor)
            case .ended(let error): state.end = error
            case .events(let events, let cost):
                state.events += events.map(\.event)
                guard consumes else { return nil }
                guard let subscription = state.subscription else {
                    state.owed.append((events.count, cost))
                    return nil
                }
                return (subscription, events.count, cost)
            }
            return nil
        }
        if let (subscription, count, cost) = confirmed { subscription.consumed(count, cost: cost) }
    }

    func waitForStart() async throws {
        try await eventually("the subscription starts") { !starts.isEmpty }
    }

    /// Waits for `count` events, and returns their tasks.
    @discardableResult
    func wait(for count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws -> [TaskID] {
        try await eventually("\(count) events", sourceLocation: sourceLocation) { events.count >= count }
        return events.map(\.taskID)
    }
}
