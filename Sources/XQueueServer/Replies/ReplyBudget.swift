import NIOCore
import XQueue
import XQueueCore

/// Limits the memory used by request and reply bodies in transit.
struct ReplyBudget: Sendable {
    /// Replies and bodies up to this size, in bytes, are not counted: even at the connection limit they add up to
    /// little.
    static let uncounted = 8 << 10

    let bytes: ByteBudget
    /// Limits concurrent reads of pages, since the store holds parts of a page a second time meanwhile.
    private let pages = AsyncSemaphore(4)
    private let tasks = AsyncSemaphore(24)
    /// Limits concurrent edits: a small patch may be of a large task, of which each holds several copies.
    private let edits = AsyncSemaphore(24)

    init(limit: Int) {
        bytes = ByteBudget(limit)
    }

    /// Makes a potentially large reply once a permit is free. `body` gets the reply's maximum size, `maxBytes` or less.
    ///
    /// - Throws: ``XQueue/QueueError`` `overloaded` if the budget is used up.
    func page(_ maxBytes: Int, _ body: (Int) async throws -> Reply) async throws -> Reply {
        try await withPermit(pages, maxBytes, body)
    }

    /// Makes a reply with one task once a permit is free.
    func task(_ body: () async throws -> Reply) async throws -> Reply {
        try await withPermit(tasks, Self.uncounted) { _ in try await body() }
    }

    /// Makes the reply to an edit of one task once a permit is free.
    func edit(_ body: () async throws -> Reply) async throws -> Reply {
        try await withPermit(edits, Self.uncounted) { _ in try await body() }
    }

    private func withPermit(
        _ semaphore: AsyncSemaphore, _ maxBytes: Int, _ body: (Int) async throws -> Reply
    ) async throws -> Reply {
        try await semaphore.withPermit {
            guard let share = bytes.take(upTo: maxBytes) else { throw QueueError.overloaded }
            return try await body(share.bytes).holding(share)
        }
    }

    /// Call this before an operation with effects whose reply may be large.
    ///
    /// - Throws: ``XQueue/QueueError`` `overloaded` if the budget is used up.
    func checkRoom() throws(QueueError) {
        guard bytes.free > 0 else { throw .overloaded }
    }

    /// Returns the reply, counted even beyond the limit: it reports something already done.
    func counted(_ reply: Reply) -> Reply {
        guard reply.share == nil, reply.body.count > Self.uncounted else { return reply }
        return reply.holding(bytes.note(reply.body.count))
    }
}

extension Reply {
    /// Returns the reply, which keeps `share` until it has been sent or the client has disconnected. A small reply is not
    /// counted, and sent in one write.
    func holding(_ share: ByteBudget.Share) -> Reply {
        guard body.count > ReplyBudget.uncounted else { return self }
        share.resize(to: body.count)
        var reply = self
        reply.share = share
        return reply
    }
}
