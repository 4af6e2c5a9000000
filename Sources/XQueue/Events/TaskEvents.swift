public import XQueueCore

/// Events of tasks, as they happen: ``TaskManager/events(matching:after:)``.
///
/// Each iteration is a subscription of its own, from its beginning to its end. It ends when the Swift task
/// is canceled, and throws a ``QueueError``: ``QueueError/Code/eventsMissed`` when events were missed,
/// ``QueueError/Code/slowConsumer``, ``QueueError/Code/tooManySubscribers`` or
/// ``QueueError/Code/stopped``.
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
    /// The events that match `filter`: those after `cursor`, or those from now on.
    ///
    /// `EventCursor(time: task.createdAt)` is before all events of a task. Works while ``run()`` does not
    /// run, too.
    public func events(matching filter: EventFilter = .all, after cursor: EventCursor? = nil) -> TaskEvents {
        TaskEvents(bus: eventBus, filter: filter, cursor: cursor)
    }
}
