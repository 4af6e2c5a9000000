#if Redis

public import XQueueCore
import XQueueStoreKit

extension RedisStore {
    public func events(
        after cursor: EventCursor, limit: Int, waiting: Duration
    ) async throws(StoreError) -> EventPage {
        let clock: any QueueClock = clock ?? SystemQueueClock()
        let deadline = clock.instant() + waiting
        var rings = eventWatch.rings
        var part = try await log(after: cursor, limit: limit)
        var hasFailed = false
        while part.page.events.isEmpty, !part.page.isReset, !part.page.isRewound, clock.instant() < deadline,
            !Task.isCancelled
        {
            await eventWatch.wait(after: part.end, past: rings, until: deadline, clock: clock)
            rings = eventWatch.rings
            do {
                part = try await log(after: cursor, limit: limit)
                hasFailed = false
            } catch  where error.code == .unavailable && !hasFailed {
                // The connection was lost while waiting; keep waiting for a new one.
                hasFailed = true
            }
        }
        return part.page
    }

    public func lastEvent() async throws(StoreError) -> EventCursor {
        try await log(after: EventCursor(time: Timestamp(milliseconds: .max)), limit: 1).end
    }

    public func sinkCursor(_ sink: String) async throws(StoreError) -> EventCursor {
        let reply = try await read(.sinkCursor) { $0.append(sink) }
        guard let bytes = try reply.optionalBytes else { return .start }
        guard let cursor = EventCursor(String(decoding: bytes, as: UTF8.self)) else {
            throw StoreError(.corrupt, "the cursor of sink \(sink) is damaged")
        }
        return cursor
    }

    public func acknowledge(
        _ sink: String, upTo cursor: EventCursor, by nodeID: String
    ) async throws(StoreError) -> Bool {
        try await within { () async throws(StoreError) in
            try await caller.run(.acknowledge) { command in
                command.append(ClusterLease.sink(sink).rawValue)
                command.append(nodeID)
                command.append(sink)
                command.append(cursor.description)
            }.integer == 1
        }
    }

    private func log(after cursor: EventCursor, limit: Int) async throws(StoreError) -> LogPart {
        let limit = max(limit, 1)
        let reply = try await read(.events) { LogPart.appendArguments(after: cursor, limit: limit, to: &$0) }
        return try LogPart(reply, after: cursor, limit: limit)
    }

    /// Runs a read-only script.
    private func read(
        _ script: RedisScript, _ arguments: (inout RedisCommand) -> Void
    ) async throws(StoreError) -> RedisReply {
        try await within { () async throws(StoreError) in
            do throws(RedisError) {
                return try await runner.run(script, arguments)
            } catch {
                throw StoreError(error)
            }
        }
    }
}

extension StoreSignal {
    /// Parses a message of `writes.lua` (`ORIGIN 1 -1` or `ORIGIN 1 +MS`) or `cancel.lua` (`ORIGIN cancel ` followed by
    /// concatenated identifiers).
    static func parse(_ message: [UInt8], except origin: String) -> [StoreSignal] {
        let parts = message.split(separator: UInt8(ascii: " "), maxSplits: 2)
        let words = parts.map { String(decoding: $0, as: UTF8.self) }
        guard words.count >= 2, words[0] != origin else { return [] }
        if words[1] == "cancel" {
            var reader = PackedReader(Array(parts.dropFirst(2).joined()))
            var signals: [StoreSignal] = []
            while let id = try? reader.id() { signals.append(.cancelRequested(id)) }
            return signals
        }
        var signals: [StoreSignal] = words[1] == "1" ? [.ready] : []
        // Earlier versions send an absolute time, without a sign: listeners check immediately.
        if words.count == 3, let due = Int64(words[2]), due >= 0 {
            signals.append(.due(in: words[2].hasPrefix("+") ? .milliseconds(due) : .zero))
        }
        return signals
    }
}

#endif
