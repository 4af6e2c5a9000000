import HTTPTypes
import XQueue

/// What lets a stream of events go on: its client's token or session, and a place among the token's streams, which is
/// given back when the stream is gone.
final class StreamPass {
    private let access: AccessControl
    private let caller: Caller
    private let head: HTTPRequest
    private var revision: Int

    /// - Throws: ``XQueue/QueueError`` if the token has as many streams as it may.
    init(_ access: AccessControl, _ caller: Caller, _ head: HTTPRequest) throws(QueueError) {
        // Before the look that the caller was let in with.
        revision = access.watch.revision - 1
        try access.ledger.take(.stream, caller)
        self.access = access
        self.caller = caller
        self.head = head
    }

    deinit { access.ledger.giveBack(.stream, caller) }

    /// Whether the client may still see what it asked for.
    var holds: Bool {
        revision = access.watch.revision
        return access.stillHolds(caller, head)
    }

    /// The same, looked up only if something was taken away since.
    var holdsStill: Bool { revision == access.watch.revision || holds }
}

@available(*, unavailable)
extension StreamPass: Sendable {}
