public import XQueueCore

/// The bounds of an embedded store.
public struct SQLiteStoreOptions: Sendable, Hashable {
    /// The most pending tasks; a submission beyond it is refused.
    public var maxBacklog: Int = 10_000_000
    /// The most distinct task types, ever.
    public var maxTypes: Int = 10_000
    /// The largest database file, in bytes; nil for as large as the disk allows.
    public var maxFileBytes: Int?
    /// The most calls that may wait for the writer.
    public var maxWaitingWrites: Int = 65_536

    /// How long events are kept.
    public var events = EventRetention()

    public init() {}
}
