public import XQueueCore

extension QueueClient {
    /// What happens, as it happens, over lost connections: a connection that ends is made again, and what happened
    /// meanwhile comes first.
    ///
    /// The sequence never ends by itself; it throws ``QueueClientError`` if the server cannot be reached at the start, or
    /// refuses.
    ///
    /// - Parameters:
    ///   - filter: Which events.
    ///   - cursor: A cursor, or milliseconds since 1970: everything that came after it first. Nil for only what happens
    ///     from now on.
    ///   - onLoss: Called each time a connection was lost, before the wait for the next one.
    public func watch(
        _ filter: EventFilter = EventFilter(), after cursor: String? = nil,
        onLoss: @escaping @Sendable () -> Void = {}
    ) -> QueueEvents {
        QueueEvents(client: self, filter: filter, cursor: cursor, onLoss: onLoss)
    }
}

/// Which events are watched: those that pass each of the filters.
public struct EventFilter: Sendable, Hashable {
    /// Only events of one of these tasks; of all if there is none.
    public var ids: [TaskID]
    /// Only events of tasks of one of these types.
    public var types: [String]
    /// Only changes to one of these statuses; progress counts as processing.
    public var statuses: [TaskStatus]

    /// Makes a filter; what is left empty lets everything pass.
    ///
    /// - Parameters:
    ///   - ids: Only events of one of these tasks.
    ///   - types: Only events of tasks of one of these types.
    ///   - statuses: Only changes to one of these statuses.
    public init(ids: [TaskID] = [], types: [String] = [], statuses: [TaskStatus] = []) {
        self.ids = ids
        self.types = types
        self.statuses = statuses
    }

    var query: [(name: String, value: String)] {
        ids.map { (name: "task_id", value: $0.description) } + types.map { (name: "type", value: $0) }
            + statuses.map { (name: "status", value: $0.rawValue) }
    }
}

/// The events that ``QueueClient/watch(_:after:onLoss:)`` answers.
public struct QueueEvents: AsyncSequence, Sendable {
    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(5)

    let client: QueueClient
    let filter: EventFilter
    let cursor: String?
    let onLoss: @Sendable () -> Void

    /// Begins to watch.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(events: self)
    }

    /// Reads the events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let client: QueueClient
        private let query: [(name: String, value: String)]
        private let onLoss: @Sendable () -> Void
        private var messages: ServerSentEvents.AsyncIterator?
        private var pause = QueueEvents.firstPause
        /// The cursor of the last event.
        private var cursor: String?
        private var hasBegun = false

        fileprivate init(events: QueueEvents) {
            client = events.client
            query = events.filter.query
            onLoss = events.onLoss
            cursor = events.cursor
        }

        /// The next event.
        ///
        /// - Throws: ``QueueClientError`` if the server cannot be reached at the start, or refuses; `CancellationError`.
        public mutating func next() async throws -> QueueEvent? {
            while true {
                do {
                    if let event = try await nextOfConnection() { return event }
                } catch let error as QueueClientError where error.status != nil || !hasBegun {
                    throw error
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    // The connection was lost: what is missed meanwhile comes after the cursor.
                    try Task.checkCancellation()
                }
                messages = nil
                onLoss()
                try await Task.sleep(for: pause)
                pause = Swift.min(pause * 2, QueueEvents.longestPause)
            }
        }

        /// - Returns: The next event of this connection, which is made if there is none; nil at its end.
        private mutating func nextOfConnection() async throws -> QueueEvent? {
            var messages =
                if let messages { messages } else {
                    try await client.events(query, after: cursor).makeAsyncIterator()
                }
            defer { self.messages = messages }
            while let message = try await messages.next() {
                if let id = message.id, id != cursor {
                    cursor = id
                    pause = QueueEvents.firstPause
                }
                guard let event = QueueEvent(json: message.data) else { continue }
                hasBegun = true
                if event.kind == .close { return nil }
                return event
            }
            return nil
        }
    }
}
