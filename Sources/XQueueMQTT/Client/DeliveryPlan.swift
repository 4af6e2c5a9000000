#if MQTT

/// Decides which message of a batch to send next, and which one broke the connection.
///
/// A broker that rejects a message often just closes the connection, and would do so again without end. So the
/// messages that were in flight are then sent one at a time. One that breaks several connections, each of which
/// had accepted other messages, is set aside. Size is the usual reason: for messages at least as large as that
/// one, one break is enough.
struct DeliveryPlan: Sendable {
    /// A message's state.
    private enum State: UInt8 {
        case open, settled, rejected
    }

    /// What to do after the connection broke.
    enum Advice: Equatable {
        /// None of the messages was the cause.
        case giveUp
        /// Continue with a new connection, after this many milliseconds.
        case proceed(afterMilliseconds: Int)
    }

    /// Number of connections a message must break to be set aside.
    static let maxBreaks = 3
    /// Maximum number of messages set aside in a row without one that is accepted: a broker that accepts none
    /// has a problem of its own.
    static let maxConsecutive = 100
    private static let pauses = [0, 200, 1000]

    /// Size of each message in bytes, its topic included.
    private let sizes: [Int]
    private var states: [State]
    private var breaks: [Int: Int] = [:]
    private var inFlight: Set<Int> = []
    /// All messages before it are settled or rejected.
    private var first = 0
    /// The next message to send on this connection.
    private var next = 0
    /// Messages before it are sent alone.
    private var aloneUntil = 0
    private var consecutive = 0
    /// Whether this connection has settled any message.
    private(set) var hasSettled = false
    /// Size of a message set aside for breaking connections; nil if there was none, or one at least as large
    /// was accepted since.
    private(set) var suspectSize: Int?

    init(sizes: [Int], suspectSize: Int? = nil) {
        self.sizes = sizes
        self.suspectSize = suspectSize
        states = Array(repeating: .open, count: sizes.count)
    }

    /// Whether the broker has accepted or rejected every message.
    var isComplete: Bool { first == sizes.count }

    /// Returns the next message to send, if one may be sent now.
    ///
    /// - Parameter most: Maximum number of messages in flight.
    mutating func takeNext(most: Int) -> Int? {
        while next < states.count, states[next] == .rejected { next += 1 }
        guard next < states.count, inFlight.count < most else { return nil }
        if mustBeAlone(next) {
            guard inFlight.isEmpty else { return nil }
        } else if let other = inFlight.first, mustBeAlone(other) {
            return nil
        }
        defer { next += 1 }
        inFlight.insert(next)
        return next
    }

    /// Records that the broker accepted the message.
    mutating func settled(_ index: Int) {
        inFlight.remove(index)
        states[index] = .settled
        (consecutive, hasSettled) = (0, true)
        if let size = suspectSize, sizes[index] >= size { suspectSize = nil }
        advance()
    }

    /// Records that the broker rejected the message.
    mutating func rejected(_ index: Int) {
        inFlight.remove(index)
        states[index] = .rejected
        advance()
    }

    /// Records that the broker accepted a message outside the batch.
    mutating func tookAnother() {
        consecutive = 0
    }

    /// Handles a broken connection or a timeout.
    ///
    /// - Parameter isRejection: Whether the broker said that a message was the reason.
    /// - Returns: What to do, and the message that is set aside, if any.
    mutating func noteBreak(isRejection: Bool = false) -> (advice: Advice, rejected: Int?) {
        defer { (inFlight, hasSettled) = ([], false) }
        guard let last = inFlight.max() else {
            // With quality of service 0, messages are settled once they are sent.
            guard hasSettled else { return (.giveUp, nil) }
            restart()
            return (.proceed(afterMilliseconds: 0), nil)
        }
        guard inFlight.count == 1, mustBeAlone(last) || isRejection else {
            aloneUntil = max(aloneUntil, last + 1)
            restart()
            return (.proceed(afterMilliseconds: 0), nil)
        }
        let count = (breaks[last] ?? 0) + 1
        breaks[last] = count
        let isSuspect = suspectSize.map { sizes[last] >= $0 } ?? false
        guard isRejection || isSuspect || count >= Self.maxBreaks else {
            aloneUntil = max(aloneUntil, last + 1)
            restart()
            return (.proceed(afterMilliseconds: Self.pauses[min(count, Self.pauses.count - 1)]), nil)
        }
        consecutive += 1
        guard consecutive <= Self.maxConsecutive else { return (.giveUp, nil) }
        suspectSize = min(suspectSize ?? sizes[last], sizes[last])
        states[last] = .rejected
        advance()
        restart()
        return (.proceed(afterMilliseconds: 0), last)
    }

    /// Resends everything from the first open message on: a subscriber must not receive an older message last.
    private mutating func restart() {
        for index in first..<states.count where states[index] == .settled { states[index] = .open }
        next = first
    }

    private mutating func advance() {
        while first < states.count, states[first] != .open { first += 1 }
    }

    private func mustBeAlone(_ index: Int) -> Bool {
        index < aloneUntil || suspectSize.map { sizes[index] >= $0 } ?? false
    }
}

#endif
