/// Where a connection stands between requests and replies.
struct ExchangeState {
    /// Requests that have begun to arrive and whose replies have not ended.
    private var unanswered = 0
    /// A request has begun to arrive, and not ended.
    var isReadingRequest = false
    /// Bytes have come, and no request of them yet.
    var isReadingHead = false
    private var isReplying = false
    private var closesAfterReply = false
    /// The client will send no further request.
    private var hasLastRequest = false
    var isShuttingDown = false
    /// The last reply has ended: nothing more is read from the client or written to it.
    var hasEnded = false
    /// The last reply is out, and what the client still sends is dropped.
    var isLingering = false

    /// Whether an error can be answered out of turn: no reply is under way or owed to an earlier request.
    var canRefuse: Bool {
        !isReplying && unanswered == (isReadingRequest ? 1 : 0)
    }

    /// Whether a request that has arrived has no whole reply yet.
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

    /// Answers whether the connection ends with this reply.
    mutating func replyEnded() -> Bool {
        isReplying = false
        unanswered -= 1
        return closesAfterReply || (isShuttingDown || hasLastRequest) && unanswered <= 0
    }
}
