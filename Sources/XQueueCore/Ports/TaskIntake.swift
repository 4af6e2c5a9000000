/// A durable log in front of the store.
///
/// A conforming intake guarantees:
///
/// - A message is durable in the log once ``append(_:)`` has returned, and is received at least once.
/// - Messages with the same key are received in the order they were appended.
/// - Every record is received by one node at a time. One that was received but not committed is received again,
///   by the same node after a restart or by another.
///
/// Any number of callers may append concurrently. The feeder is a single caller, which also commits, rejects
/// and holds while it waits for the next records.
public protocol TaskIntake: Sendable {
    /// The log's name, for people: `kafka`.
    var name: String { get }

    // MARK: Submission

    /// Appends messages, and returns once the log has stored all of them.
    ///
    /// - Returns: Their positions, in any order, as far as the log reports them.
    /// - Throws: ``IntakeError``; some of the messages may have been appended.
    @discardableResult
    func append(_ messages: [IntakeMessage]) async throws(IntakeError) -> [IntakeOrigin]

    /// Notes that the store has the tasks of these records, which this node appended, so that they need not be
    /// looked up when received. Only an optimization: the note may be forgotten.
    func stored(_ origins: [IntakeOrigin])

    // MARK: Feeder

    /// Prepares for receiving. Called again after a failure.
    func open() async throws(IntakeError)

    /// Returns the next records of this node's share, in the log's order: at most `limit`, without waiting for
    /// a full batch. Empty if none came within `waiting`.
    func receive(limit: Int, waiting: Duration) async throws(IntakeError) -> [IntakeRecord]

    /// Keeps this node's share while it receives nothing for long. Call it about once a second.
    func hold() async throws(IntakeError)

    /// Sets aside unusable records where people can find them; returns once they are stored durably.
    func reject(_ records: [RejectedRecord]) async throws(IntakeError)

    /// Records that all of `records` are in the store or set aside: they are not received again, unless the log
    /// fails before noting that.
    func commit(_ records: [IntakeRecord]) async throws(IntakeError)

    /// Saves what was committed, and lets another node have this one's share. Appending still works.
    func leave() async

    // MARK: Queries

    /// The log's condition, and how far it has been read.
    func status() async -> IntakeStatus

    /// Closes the log.
    func close() async
}

/// A task to append to the log.
public struct IntakeMessage: Sendable, Hashable {
    public var key: String
    /// Whether messages with the same key must keep their order; others may go wherever it is cheapest.
    public var keepsOrder: Bool
    /// The task, as JSON.
    public var value: String
    /// Data for other readers of the log, who need not parse the value.
    public var headers: [IntakeHeader]

    public init(key: String, keepsOrder: Bool = true, value: String, headers: [IntakeHeader] = []) {
        self.key = key
        self.keepsOrder = keepsOrder
        self.value = value
        self.headers = headers
    }
}

/// A name and value that accompany a message.
public struct IntakeHeader: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A message received from the log. Any program may have written it.
public struct IntakeRecord: Sendable, Hashable {
    public var origin: IntakeOrigin
    /// When it was written, according to its writer or the log.
    public var timestamp: Timestamp
    public var key: [UInt8]?
    public var value: [UInt8]
    /// The trace it belongs to, according to its writer.
    public var trace: TraceContext?
    /// Headers set by its writer; values are repaired to valid UTF-8.
    public var headers: [IntakeHeader]
    /// Whether this node knows that the store has its task. Such a record has only its origin.
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

/// The position of a record. A log may have several parts, and keeps the order within each.
public struct IntakeOrigin: Sendable, Hashable {
    /// The log's name.
    public var log: String
    /// The number of its part.
    public var part: Int32
    /// The record's position in that part; later records have larger ones.
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

/// An unusable record, and why.
public struct RejectedRecord: Sendable, Hashable {
    public var record: IntakeRecord
    public var reason: String

    public init(_ record: IntakeRecord, reason: String) {
        self.record = record
        self.reason = reason
    }
}

/// The log's condition, and how far it has been read.
public struct IntakeStatus: Sendable, Hashable {
    /// One part of the log.
    public struct Part: Sendable, Hashable {
        public var number: Int32
        /// How far the cluster has read it; nil if not at all.
        public var committed: Int64?
        /// The position of its next record.
        public var end: Int64
        /// Number of records still to be read.
        public var lag: Int64

        public init(number: Int32, committed: Int64?, end: Int64, lag: Int64) {
            self.number = number
            self.committed = committed
            self.end = end
            self.lag = lag
        }
    }

    /// The current problem; nil if there is none.
    public var problem: String?
    /// All of its parts, if the log could be reached.
    public var parts: [Part]
    /// The parts assigned to this node.
    public var assigned: [Int32]

    /// Number of records still to be read in all parts, clamped to `Int64`.
    public var lag: Int64 {
        parts.reduce(0) { sum, part in
            let (next, overflow) = sum.addingReportingOverflow(part.lag)
            return overflow ? .max : next
        }
    }

    public init(problem: String? = nil, parts: [Part] = [], assigned: [Int32] = []) {
        self.problem = problem
        self.parts = parts
        self.assigned = assigned
    }
}

/// A failure of the log in front of the store.
public struct IntakeError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it was. New codes may be added.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String

        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The log cannot be used now; retrying later may help.
        public static let unavailable = Code(rawValue: "intake_unavailable")
        /// The log rejects a message for good, for example because it is too large.
        public static let rejected = Code(rawValue: "intake_rejected")
        /// A setting, or the log itself, is not as required.
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
