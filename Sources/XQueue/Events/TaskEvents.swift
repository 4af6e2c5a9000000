import Synchronization
public import XQueueCore

/// Events of tasks, as they happen. See ``TaskManager/events(matching:after:)``.
///
/// Each iteration is a subscription of its own. It ends when the Swift task is canceled, or throws a
/// ``QueueError``: ``QueueError/Code/eventsMissed``, ``QueueError/Code/slowConsumer``,
/// ``QueueError/Code/tooManySubscribers`` or ``QueueError/Code/stopped``.
public struct TaskEvents: AsyncSequence, Sendable {
    public typealias Element = TaskEvent
    public typealias Failure = QueueError

    let bus: EventBus
    let filter: EventFilter
    let cursor: EventCursor?

    public func makeAsyncIterator() -> Iterator {
        Iterator(inbox: EventInbox(bus: bus, filter: filter, cursor: cursor))
    }

    public struct Iterator: AsyncIteratorProtocol {
        let inbox: EventInbox

        public mutating func next() async throws(QueueError) -> TaskEvent? {
            try await inbox.next()
        }

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(QueueError) -> TaskEvent? {
            try await inbox.next()
        }
    }
}

extension TaskManager {
    /// Returns the events that match `filter`: those after `cursor`, or those from now on.
    ///
    /// `EventCursor(time: task.createdAt)` is before all events of a task. Does not need ``run()``.
    public func events(matching filter: EventFilter = .all, after cursor: EventCursor? = nil) -> TaskEvents {
        TaskEvents(bus: eventBus, filter: filter, cursor: cursor)
    }
}

/// The events of one iteration that have arrived but not been taken.
final class EventInbox: Sendable {
    private final class Contents: Sendable {
        struct State {
            var pages: [[SharedEvent]] = []
            /// Number of events taken from the first page.
            var taken = 0
            var end: QueueError?
            var isCanceled = false
        }

        let state = Mutex(State())
        /// Signaled when something has arrived.
        let arrival = AsyncEvent()

        func change(_ body: (inout State) -> Void) {
            state.withLock { body(&$0) }
            arrival.signal()
        }

        func receive(_ delivery: EventDelivery) {
            switch delivery {
            case .started, .rewound: break
            case .events(let events, _):
                change { state in
                    // Events after a gap must not be returned.
                    if state.end == nil { state.pages.append(events) }
                }
            case .reset: change { $0.end = $0.end ?? Self.missed }
            case .ended(let error): change { $0.end = $0.end ?? error }
            }
        }

        private static let missed = QueueError(
            .eventsMissed, "events were missed: the requested cursor is no longer in the log")
    }

    private let contents = Contents()
    private let subscription: EventSubscription?

    init(bus: EventBus, filter: EventFilter, cursor: EventCursor?) {
        do throws(QueueError) {
            let contents = contents
            subscription = try bus.subscribe([filter], after: cursor) { contents.receive($0) }
        } catch {
            subscription = nil
            contents.receive(.ended(error))
        }
    }

    deinit {
        subscription?.cancel()
    }

    func next() async throws(QueueError) -> TaskEvent? {
        while true {
            let (event, end, isCanceled) = contents.state.withLock { state in take(from: &state) }
            if isCanceled {
                subscription?.cancel()
                return nil
            }
            if let event {
                subscription?.consumed(1, cost: event.cost)
                return event.event
            }
            if let end {
                subscription?.cancel()
                throw end
            }
            if await !contents.arrival.wait() { contents.state.withLock { $0.isCanceled = true } }
        }
    }

    private func take(from state: inout Contents.State) -> (SharedEvent?, QueueError?, Bool) {
        guard let page = state.pages.first, !state.isCanceled else {
            return (nil, state.end, state.isCanceled)
        }
        let event = page[state.taken]
        state.taken += 1
        if state.taken == page.count {
            state.pages.removeFirst()
            state.taken = 0
        }
        return (event, nil, false)
    }
}
