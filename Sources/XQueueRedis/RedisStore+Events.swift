#if Redis

public import XQueueCore

extension RedisStore {
    public func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage {
        throw StoreError(.unavailable, "the event log is not there yet")
    }

    public func lastEvent() async throws(StoreError) -> EventCursor {
        throw StoreError(.unavailable, "the event log is not there yet")
    }

    public func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor {
        throw StoreError(.unavailable, "the event log is not there yet")
    }

    public func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool {
        throw StoreError(.unavailable, "the event log is not there yet")
    }
}

#endif
