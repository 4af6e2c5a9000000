public import XQueueCore

extension QueueClient {
    /// Returns the events as they happen. Reconnects after a lost connection and catches up on missed events.
    ///
    /// The sequence does not end; it throws ``QueueClientError`` if the server is unreachable at the start or rejects
    /// the request.
    ///
    /// - Parameters:
    ///   - filter: The events to receive.
    ///   - cursor: A cursor or milliseconds since 1970, to receive all later events first; nil for new events only.
    ///   - onLoss: Called each time the connection is lost, before reconnecting.
    public func watch(
        _ filter: EventFilter = EventFilter(), after cursor: String? = nil,
        onLoss: @escaping @Sendable () -> Void = {}
    ) -> QueueEvents {
        QueueEvents(client: self, filter: filter, cursor: cursor, onLoss: onLoss)
    }
}

/// The events to watch: those that pass every filter.
public struct EventFilter: Sendable, Hashable {
    /// Only events of these tasks; empty = all.
    public var ids: [TaskID]
    /// Only events of tasks of these types; empty = all.
    public var types: [String]
    /// Only changes to these statuses; empty = all. Progress counts as processing.
    public var statuses: [TaskStatus]

    /// Creates a filter; an empty list passes everything.
    ///
    /// - Parameters:
    ///   - ids: Only events of these tasks.
    ///   - types: Only events of tasks of these types.
    ///   - statuses: Only changes to these statuses.
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

/// The events returned by ``QueueClient/watch(_:after:onLoss:)``.
public struct QueueEvents: AsyncSequence, Sendable {
    private static let firstPause = Duration.milliseconds(250)
    private static let longestPause = Duration.seconds(5)

    let client: QueueClient
    let filter: EventFilter
    let cursor: String?
    let onLoss: @Sendable () -> Void

    /// Starts watching.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(events: self)
    }

    /// Iterates over the events.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let client: QueueClient
        private let query: [(name: String, value: String)]
        private let onLoss: @Sendable () -> Void
        private var messages: ServerSentEvents.AsyncIterator?
        private var pause = QueueEvents.firstPause
        /// Cursor of the last event.
        private var cursor: String?
        private var hasBegun = false

        fileprivate init(events: QueueEvents) {
            client = events.client
            query = events.filter.query
            onLoss = events.onLoss
            cursor = events.cursor
        }

        /// Waits for the next event.
        ///
        /// - Throws: ``QueueClientError`` if the server is unreachable at the start or rejects the request;
        ///   `CancellationError`.
        public mutating func next() async throws -> QueueEvent? {
            while true {
                do {
                    if let event = try await nextOfConnection() { return event }
                } catch let error as QueueClientError where error.status != nil || !hasBegun {
                    throw error
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    // The connection was lost; missed events follow the cursor.
                    try Task.checkCancellation()
                }
                messages = nil
                onLoss()
                try await Task.sleep(for: pause)
                pause = Swift.min(pause * 2, QueueEvents.longestPause)
            }
        }

        /// Returns the next event of the connection, opening one if needed; nil at its end.
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
