public import XQueueCore

/// The ticks of a back-fill.
public struct ScheduleBackfill: Sendable, Hashable, Decodable {
    /// A tick with its task.
    public struct Tick: Sendable, Hashable, Decodable {
        /// The tick.
        public let tick: Timestamp
        /// The tick in the schedule's time zone, with its offset from UTC.
        public let local: String
        /// Its task.
        public let taskID: TaskID
        /// Whether the queue had no task of this tick before.
        public let isNew: Bool

        /// Decodes a tick.
        ///
        /// - Parameter decoder: The decoder to read from.
        public init(from decoder: any Decoder) throws {
            let object = try WireObject(decoder)
            tick = try object.time("tick")
            local = try object.value("local")
            taskID = try object.id("task_id")
            isNew = try object.value("new")
        }
    }

    /// Whether the ticks were only computed.
    public let isDryRun: Bool
    /// The ticks, oldest first.
    public let ticks: [Tick]

    /// Decodes a back-fill.
    ///
    /// - Parameter decoder: The decoder to read from.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        isDryRun = try object.value("dry_run")
        ticks = try object.value("ticks")
    }
}
