public import XQueueCore

/// A schedule as returned by a server: its definition, and what it has done so far.
public struct QueueSchedule: Sendable, Hashable, Decodable {
    /// Name of the schedule.
    public let name: String
    /// Version, for conditional changes.
    public let version: Int
    /// Where it is defined.
    public let source: Source

    /// When it fires; nil if this client does not know its kind of rule.
    public let timing: ScheduleDefinition.Timing?
    /// What happens to a tick while the task of an earlier one is unfinished.
    public let overlap: ScheduleDefinition.Overlap
    /// What happens to ticks that could not be fired in time.
    public let catchUp: ScheduleDefinition.CatchUp
    /// Maximum age of ticks to catch up with.
    public let catchUpWindow: Duration
    /// Maximum delay of a tick.
    public let jitter: Duration
    /// Earliest tick.
    public let startsAt: Timestamp?
    /// Fires nothing from then on.
    public let endsAt: Timestamp?
    /// Number of ticks to fire before the schedule ends; nil = no limit.
    public let maxRuns: Int?
    /// Number of tasks in a row that may fail before the schedule is paused; nil = never pause.
    public let pauseAfterFailures: Int?
    /// The task of each tick, as in a submission.
    public private(set) var task: RawJSON
    /// Type of the task.
    public let taskType: String

    /// Whether it is paused.
    public let isPaused: Bool
    /// Why it is paused, for people.
    public let pauseReason: String?
    /// When it was created.
    public let createdAt: Timestamp
    /// The next tick; nil if there is none, or while it is paused.
    public let nextAt: Timestamp?
    /// The last tick that was fired.
    public let lastAt: Timestamp?
    /// The task of that tick.
    public let lastTaskID: TaskID?
    /// Status of that task; nil if the task is gone, or its status is unknown to this client.
    public let lastStatus: TaskStatus?
    /// Number of ticks, by what happened to them.
    public let counts: Counts
    /// The last ticks with their tasks, newest first; at most 10.
    public let runs: [Run]

    /// Version of the server's time zones, such as `2026f`; nil if unknown.
    public let zoneVersion: String?
    /// When it fires, in words; empty if the server does not know the time zone.
    public let explanation: String
    /// The same in Chinese.
    public let chineseExplanation: String
    /// The next five ticks; empty while it is paused.
    public let nextTicks: [PreviewedSchedule.Tick]

    /// Where a schedule is defined.
    public struct Source: RawRepresentable, Sendable, Hashable {
        /// The source as text.
        public let rawValue: String

        /// Creates a source.
        ///
        /// - Parameter rawValue: The source as text.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// Created through the API.
        public static let api = Source(rawValue: "api")
        /// In the server's configuration file: it can be paused, run and back-filled, but neither changed nor removed.
        public static let file = Source(rawValue: "file")
    }

    /// Number of ticks, by what happened to them.
    public struct Counts: Sendable, Hashable, Decodable {
        /// Fired.
        public let fired: Int
        /// Fired late; part of ``fired``.
        public let late: Int
        /// Skipped, since the task of an earlier tick was unfinished.
        public let skipped: Int
        /// Not fired in time, and not caught up with.
        public let missed: Int
    }

    /// A tick with its task.
    public struct Run: Sendable, Hashable, Decodable {
        /// The tick.
        public let tick: Timestamp
        /// Its task.
        public let taskID: TaskID
        /// Status of the task; nil if the task is gone, or its status is unknown to this client.
        public let status: TaskStatus?

        /// Decodes a run.
        ///
        /// - Parameter decoder: The decoder to read from.
        public init(from decoder: any Decoder) throws {
            let object = try WireObject(decoder)
            tick = try object.time("tick")
            taskID = try object.id("task_id")
            status = try object.knownWord("status")
        }
    }

    /// Decodes a schedule.
    ///
    /// - Parameter decoder: The decoder to read from. ``QueueClient`` preserves the task byte for byte; with other decoders
    ///   it has the same value, but members may be reordered.
    public init(from decoder: any Decoder) throws {
        let object = try WireObject(decoder)
        name = try object.value("name")
        version = try object.value("version")
        source = Source(rawValue: try object.optional("source") ?? Source.api.rawValue)
        timing = try ScheduleDefinition.Timing(object)
        overlap = ScheduleDefinition.Overlap(rawValue: try object.value("overlap"))
        catchUp = ScheduleDefinition.CatchUp(rawValue: try object.value("catch_up"))
        catchUpWindow = try object.duration("catch_up_window")
        jitter = try object.duration("jitter")
        startsAt = try object.optionalTime("starts_at")
        endsAt = try object.optionalTime("ends_at")
        maxRuns = try object.optional("max_runs")
        pauseAfterFailures = try object.optional("pause_after_failures")
        task = try object.value("task")
        taskType = try task.member("type")?.string ?? ""
        isPaused = try object.value("paused")
        pauseReason = try object.optional("pause_reason")
        createdAt = try object.time("created_at")
        nextAt = try object.optionalTime("next_at")
        lastAt = try object.optionalTime("last_at")
        lastTaskID = try object.optional("last_task_id").flatMap { TaskID($0) }
        lastStatus = try object.knownWord("last_status")
        counts = try object.value("counts")
        runs = try object.optional("runs") ?? []
        zoneVersion = try object.optional("tzdata")
        let words: WireExplanation = try object.value("explain")
        explanation = words.en
        chineseExplanation = words.zh
        nextTicks = try object.value("next")
    }
}

extension QueueSchedule: KeepsJSON {
    mutating func keep(_ json: RawJSON) throws(JSONSyntaxError) {
        if let kept = try json.member("task") { task = kept }
    }
}

/// A page of schedules.
public struct QueueSchedulePage: Sendable, Hashable, Decodable {
    /// The schedules, ordered by name.
    public private(set) var schedules: [QueueSchedule]
    /// Name to continue after; nil for the last page.
    public let next: String?
}

extension QueueSchedulePage: KeepsJSON {
    mutating func keep(_ json: RawJSON) throws(JSONSyntaxError) {
        try schedules.keep(try json.member("schedules"))
    }
}
