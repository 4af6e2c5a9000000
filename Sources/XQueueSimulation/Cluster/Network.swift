import XQueueCore

/// The state of one process's connections.
struct NetworkState {
    /// How long a message takes, in milliseconds.
    var delay = 1...8
    /// How many of a hundred requests, replies and signals are lost.
    var loss = 0
}

/// What becomes of one request over the network.
struct MessageFate {
    let requestDelay: Duration
    let replyDelay: Duration
    let losesRequest: Bool
    let losesReply: Bool
    /// After how long the caller gives up if it gets no reply.
    let timeout: Duration

    init(_ network: NetworkState, _ dice: Dice) {
        requestDelay = dice.milliseconds(network.delay)
        replyDelay = dice.milliseconds(network.delay)
        losesRequest = dice.chance(network.loss)
        losesReply = dice.chance(network.loss)
        timeout = dice.milliseconds(1000...3000)
    }
}
