#if MQTT

/// Which message of a batch goes next, and which one broke the connection.
///
/// A broker that does not take a message often says nothing, but closes the connection, and would do so for ever. So
/// the messages that were under way then travel alone after it. One that breaks several connections, each of which
/// took other messages, is put aside. Size is the usual reason: of messages as large as that one, one break is enough.
struct DeliveryPlan: Sendable {
    /// What became of a message.
    private enum State: UInt8 {
        case open, settled, refused
    }

    /// What to do after the connection broke.
    enum Advice: Equatable {
        /// It was none of the messages' doing.
        case giveUp
        /// With a new connection, after so many milliseconds.
        case goOn(afterMilliseconds: Int)
    }

    /// How many connections a message must break to be put aside.
    static let mostBreaks = 3
    /// How many messages may be put aside so, one after the other, without one that is taken: a broker that takes
    /// none at all is in trouble itself.
    static let mostInARow = 100
    private static let pauses = [0, 200, 1000]

    /// How long each message is, its topic included.
    private let sizes: [Int]
    private var states: [State]
    private var breaks: [Int: Int] = [:]
    private var inFlight: Set<Int> = []
    /// Before it all are settled or refused.
    private var first = 0
    /// The next one to be handed over on this connection.
    private var next = 0
    /// Those before it travel alone.
    private var aloneUntil = 0
    private var inARow = 0
    /// Whether this connection has brought anything.
    private(set) var hasSettled = false
    /// As long as a message that was put aside for breaking connections; nil if none was, or a longer one was taken.
    private(set) var suspectSize: Int?

    init(sizes: [Int], suspectSize: Int? = nil) {
        self.sizes = sizes
        self.suspectSize = suspectSize
        states = Array(repeating: .open, count: sizes.count)
    }

    /// Whether the broker has taken, or refused, every message.
    var isComplete: Bool { first == sizes.count }

    /// Hands over the next message, if one may go now.
    ///
    /// - Parameter most: How many may be under way at once.
    mutating func takeNext(most: Int) -> Int? {
        while next < states.count, states[next] == .refused { next += 1 }
        guard next < states.count, inFlight.count < most else { return nil }
        if travelsAlone(next) {
            guard inFlight.isEmpty else { return nil }
        } else if let other = inFlight.first, travelsAlone(other) {
            return nil
        }
        defer { next += 1 }
        inFlight.insert(next)
        return next
    }

    /// The broker has taken the message.
    mutating func settled(_ index: Int) {
        inFlight.remove(index)
        states[index] = .settled
        (inARow, hasSettled) = (0, true)
        if let size = suspectSize, sizes[index] >= size { suspectSize = nil }
        advance()
    }

    /// The broker has said that it does not take the message.
    mutating func refused(_ index: Int) {
        inFlight.remove(index)
        states[index] = .refused
        advance()
    }

    /// The broker has taken a message that is none of these.
    mutating func tookAnother() {
        inARow = 0
    }

    /// The connection broke, or the broker did not answer.
    ///
    /// - Parameter isRefusal: Whether the broker said that a message was the reason.
    /// - Returns: What to do, and the message that is put aside for it.
    mutating func broke(isRefusal: Bool = false) -> (advice: Advice, refused: Int?) {
        defer { (inFlight, hasSettled) = ([], false) }
        guard let last = inFlight.max() else {
            // Messages that nobody acknowledges are settled once they are sent.
            guard hasSettled else { return (.giveUp, nil) }
            restart()
            return (.goOn(afterMilliseconds: 0), nil)
        }
        guard inFlight.count == 1, travelsAlone(last) || isRefusal else {
            aloneUntil = max(aloneUntil, last + 1)
            restart()
            return (.goOn(afterMilliseconds: 0), nil)
        }
        let count = (breaks[last] ?? 0) + 1
        breaks[last] = count
        let isSuspect = suspectSize.map { sizes[last] >= $0 } ?? false
        guard isRefusal || isSuspect || count >= Self.mostBreaks else {
            aloneUntil = max(aloneUntil, last + 1)
            restart()
            return (.goOn(afterMilliseconds: Self.pauses[min(count, Self.pauses.count - 1)]), nil)
        }
        inARow += 1
        guard inARow <= Self.mostInARow else { return (.giveUp, nil) }
        suspectSize = min(suspectSize ?? sizes[last], sizes[last])
        states[last] = .refused
        advance()
        restart()
        return (.goOn(afterMilliseconds: 0), last)
    }

    /// From the first that is open on, all go once more: a subscriber must not see an older one last.
    private mutating func restart() {
        for index in first..<states.count where states[index] == .settled { states[index] = .open }
        next = first
    }

    private mutating func advance() {
        while first < states.count, states[first] != .open { first += 1 }
    }

    private func travelsAlone(_ index: Int) -> Bool {
        index < aloneUntil || suspectSize.map { sizes[index] >= $0 } ?? false
    }
}

#endif
