import NIOCore
import XQueue
import XQueueCore

/// Keeps what is under way to and from clients within one budget of memory.
struct ReplyBudget: Sendable {
    /// Replies and bodies smaller than this are not counted: with as many connections as there may be, they are not
    /// much.
    static let uncounted = 8 << 10

    let bytes: ByteBudget
    /// While a page is read, the store holds parts of it a second time: a few at once are enough.
    private let pages = AsyncSemaphore(4)
    private let tasks = AsyncSemaphore(24)

    init(limit: Int) {
        bytes = ByteBudget(limit)
    }

    /// Makes a reply that may be large, `most` bytes at most, in its turn. `body` is told how many it may be.
    ///
    /// - Throws: ``XQueue/QueueError`` `overloaded` if there is no room.
    func page(_ most: Int, _ body: (Int) async throws -> Reply) async throws -> Reply {
        try await inTurn(pages, most, body)
    }

    /// Makes a reply that has one task in it.
    func task(_ body: () async throws -> Reply) async throws -> Reply {
        try await inTurn(tasks, Self.uncounted) { _ in try await body() }
    }

    private func inTurn(
        _ turns: AsyncSemaphore, _ most: Int, _ body: (Int) async throws -> Reply
    ) async throws -> Reply {
        try await turns.withPermit {
            guard let share = bytes.take(upTo: most) else { throw QueueError.overloaded }
            return try await body(share.bytes).holding(share)
        }
    }

    /// To be asked before something is done whose reply may be large.
    ///
    /// - Throws: ``XQueue/QueueError`` `overloaded` if there is no room for any.
    func checkRoom() throws(QueueError) {
        guard bytes.free > 0 else { throw .overloaded }
    }

    /// The reply, counted; what it says has been done, and must be told.
    func counted(_ reply: Reply) -> Reply {
        guard reply.share == nil, reply.body.count > Self.uncounted else { return reply }
        return reply.holding(bytes.note(reply.body.count))
    }
}

extension Reply {
    /// The same reply, which keeps `share` until it is out, or its client is gone.
    func holding(_ share: ByteBudget.Share) -> Reply {
        share.resize(to: body.count)
        var reply = self
        reply.share = share
        return reply
    }
}
