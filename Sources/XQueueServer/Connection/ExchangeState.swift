/// The state of a connection's requests and replies.
struct ExchangeState {
    /// Number of requests whose head has arrived and whose reply is not complete.
    private var unanswered = 0
    /// A request's head has arrived, but not its end.
    var isReadingRequest = false
    /// Bytes have arrived, but not yet a complete head.
    var isReadingHead = false
    private var isReplying = false
    private var closesAfterReply = false
    /// The client will send no further request.
    private var hasLastRequest = false
    var isShuttingDown = false
    /// The last reply is complete: no further request is read and nothing more is written.
    var hasEnded = false
    /// The last reply has been sent, and what the client still sends is dropped.
    var isLingering = false

    /// Whether an error reply can be sent now: no reply is in progress or owed to an earlier request.
    var canReject: Bool {
        !isReplying && unanswered == (isReadingRequest ? 1 : 0)
    }

    /// Whether a complete request still lacks a complete reply.
    var isAnswering: Bool { unanswered > (isReadingRequest ? 1 : 0) }

    mutating func requestBegan(isLast: Bool) {
        unanswered += 1
        hasLastRequest = hasLastRequest || isLast
        isReadingRequest = true
        isReadingHead = false
    }

    mutating func requestEnded() {
        isReadingRequest = false
    }

    mutating func replyBegan(closes: Bool) {
        isReplying = true
        closesAfterReply = closes
    }

    /// Notes the end of a reply; returns whether the connection ends with it.
    mutating func replyEnded() -> Bool {
        isReplying = false
        unanswered -= 1
        return closesAfterReply || (isShuttingDown || hasLastRequest) && unanswered <= 0
    }
}
