/// The port to a durable log in front of the store.
///
/// A conforming intake promises:
///
/// - What ``append(_:)`` has returned from is in the log for good, and comes out of it at least once.
/// - Messages with the same key come out in the order they went in.
/// - Every record is received by one node at a time. One that was received and not committed is received
///   again, by the same node after a restart or by another.
///
/// Appending may be done by many at once. The feeder is one caller, which commits, puts aside and holds also
/// while it waits for what comes next.
public protocol TaskIntake: Sendable {
    /// What the log is, for people: `kafka`.
    var name: String { get }

    // MARK: Verbs of submission

    /// Appends messages, and returns once the log has all of them.
    ///
    /// - Returns: Where they stand, in any order, as far as the log tells.
    /// - Throws: ``IntakeError``; some of the messages may be in the log then.
    @discardableResult
    func append(_ messages: [IntakeMessage]) async throws(IntakeError) -> [IntakeOrigin]

    /// Says that the store has the tasks of these records, which this node has appended: it need not be asked
    /// again when they are received. That may be forgotten.
    func stored(_ origins: [IntakeOrigin])

    // MARK: Verbs of the feeder

    /// Makes ready to receive. Called again after a failure.
    func open() async throws(IntakeError)

    /// The next records of this node's share, in the log's order: as soon as no more are waiting, and
    /// `limit` at most. Empty if none came within `waiting`.
    func receive(limit: Int, waiting: Duration) async throws(IntakeError) -> [IntakeRecord]

    /// Keeps this node's share while it receives nothing for long. To be called every second or so.
    func hold() async throws(IntakeError)

    /// Puts aside records that cannot be used, where people find them; returns once they are there for good.
    func reject(_ records: [RejectedRecord]) async throws(IntakeError)

    /// Records that all of `records` are in the store or put aside: they are not received again, unless the
    /// log fails before it has noted that.
    func commit(_ records: [IntakeRecord]) async throws(IntakeError)

    /// Notes what was committed, and lets another node have this one's share. Appending still works.
    func leave() async

    // MARK: Questions

    /// How the log is, and how far it is read.
    func status() async -> IntakeStatus

    /// Lets go of the log.
    func close() async
}

/// A task on its way into the log.
public struct IntakeMessage: Sendable, Hashable {
    public var key: String
    /// True if messages with the same key have to keep their order; others may go wherever that costs least.
    public var keepsOrder: Bool
    /// The task, as JSON.
    public var value: String
    /// What others may want to know without reading the value.
    public var headers: [IntakeHeader]

    public init(key: String, keepsOrder: Bool = true, value: String, headers: [IntakeHeader] = []) {
        self.key = key
        self.keepsOrder = keepsOrder
        self.value = value
        self.headers = headers
    }
}

/// One name and value beside a message.
public struct IntakeHeader: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A message as it comes out of the log. Anybody may have written it.
public struct IntakeRecord: Sendable, Hashable {
    public var origin: IntakeOrigin
    /// When it was written, as its writer or the log says.
    public var timestamp: Timestamp
    public var key: [UInt8]?
    public var value: [UInt8]
    /// The trace it belongs to, as its writer says.
    public var trace: TraceContext?
    /// What its writer put beside it; bytes of values that are not UTF-8 are replaced.
    public var headers: [IntakeHeader]
    /// Whether the store has its task, as this node was told. Of such a record only the origin is here.
    public private(set) var isStored = false

    /// A record whose task is in the store already.
    public init(storedAt origin: IntakeOrigin) {
        self.init(origin: origin, timestamp: Timestamp(milliseconds: 0), key: nil, value: [])
        isStored = true
    }

    public init(
        origin: IntakeOrigin, timestamp: Timestamp, key: [UInt8]?, value: [UInt8],
        trace: TraceContext? = nil, headers: [IntakeHeader] = []
    ) {
        self.origin = origin
        self.timestamp = timestamp
        self.key = key
        self.value = value
        self.trace = trace
        self.headers = headers
    }
}

/// Where a record stands. A log may have several parts, and keeps the order within each.
public struct IntakeOrigin: Sendable, Hashable {
    /// The log's name.
    public var log: String
    /// The part of it, by number.
    public var part: Int32
    /// The record's place in that part; later records have larger ones.
    public var position: Int64

    /// - Parameters:
    ///   - log: See ``log``.
    ///   - part: See ``part``.
    ///   - position: See ``position``.
    public init(log: String, part: Int32, position: Int64) {
        self.log = log
        self.part = part
        self.position = position
    }
}

/// A record that cannot be used, and why.
public struct RejectedRecord: Sendable, Hashable {
    public var record: IntakeRecord
    public var reason: String

    public init(_ record: IntakeRecord, reason: String) {
        self.record = record
        self.reason = reason
    }
}

/// How a log is, and how far it is read.
public struct IntakeStatus: Sendable, Hashable {
    /// One part of the log.
    public struct Part: Sendable, Hashable {
        public var number: Int32
        /// Up to where the cluster has read it; nil if nobody has.
        public var committed: Int64?
        /// Where its next record will stand.
        public var end: Int64
        /// How many records are still to be read.
        public var lag: Int64

        public init(number: Int32, committed: Int64?, end: Int64, lag: Int64) {
            self.number = number
            self.committed = committed
            self.end = end
            self.lag = lag
        }
    }

    /// What is wrong with it; nil if nothing is.
    public var problem: String?
    /// All of its parts, if the log could be asked.
    public var parts: [Part]
    /// The parts that this node reads.
    public var assigned: [Int32]

    /// How many records of all parts are still to be read; at most what an `Int64` holds.
    public var lag: Int64 {
        parts.reduce(0) { sum, part in
            let (next, isTooMuch) = sum.addingReportingOverflow(part.lag)
            return isTooMuch ? .max : next
        }
    }

    public init(problem: String? = nil, parts: [Part] = [], assigned: [Int32] = []) {
        self.problem = problem
        self.parts = parts
        self.assigned = assigned
    }
}

/// The log in front of the store could not do what it was asked.
public struct IntakeError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was. New codes may be added.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The log cannot be used now. Trying again later may help.
        public static let unavailable = Code(rawValue: "intake_unavailable")
        /// The log refuses a message for good, such as one that is too large.
        public static let refused = Code(rawValue: "intake_refused")
        /// A setting, or the log itself, is not as it must be.
        public static let invalid = Code(rawValue: "intake_invalid")
        /// The intake has been closed.
        public static let closed = Code(rawValue: "intake_closed")
    }

    public let code: Code
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
