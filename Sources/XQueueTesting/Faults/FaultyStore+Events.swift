public import XQueueCore

extension FaultyStore {
    public func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage {
        try await perform(.events) { () async throws(StoreError) in
            try await inner.events(after: cursor, limit: limit, waiting: waiting)
        }
    }

    public func lastEvent() async throws(StoreError) -> EventCursor {
        try await perform(.lastEvent) { () async throws(StoreError) in try await inner.lastEvent() }
    }

    public func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor {
        try await perform(.sinkCursor) { () async throws(StoreError) in try await inner.sinkCursor(sink) }
    }

    public func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool {
        try await perform(.acknowledge) { () async throws(StoreError) in
            try await inner.acknowledge(sink, upTo: cursor, by: nodeID)
        }
    }
}
