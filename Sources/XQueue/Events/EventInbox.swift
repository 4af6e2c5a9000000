import Synchronization
import XQueueCore

/// The events of one iteration that have come and not been taken.
final class EventInbox: Sendable {
    private final class Contents: Sendable {
        struct State {
            var pages: [[SharedEvent]] = []
            /// How many of the first page have been taken.
            var taken = 0
            var end: QueueError?
            var isCanceled = false
            var waiter: CheckedContinuation<Void, Never>?
        }

        let state = Mutex(State())

        func change(_ body: (inout State) -> Void) {
            let waiter = state.withLock { state in
                body(&state)
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume()
        }

        func receive(_ delivery: EventDelivery) {
            switch delivery {
            case .started, .rewound: break
            case .events(let events, _):
                change { state in
                    // What comes after a gap is not what was asked for.
                    if state.end == nil { state.pages.append(events) }
                }
            case .reset: change { $0.end = $0.end ?? Self.missed }
            case .ended(let error): change { $0.end = $0.end ?? error }
            }
        }

        private static let missed = QueueError(
            .eventsMissed, "events were missed: the place asked for is no longer in the log")
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
            await wait()
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

    private func wait() async {
        let contents = contents
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = contents.state.withLock { state in
                    if !state.pages.isEmpty || state.end != nil || state.isCanceled { return true }
                    state.waiter = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            contents.change { $0.isCanceled = true }
        }
    }
}
