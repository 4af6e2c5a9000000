/// The part of a ``Store`` that holds schedules.
public protocol ScheduleStore: Sendable {
    /// Writes a schedule, accepts the tasks that it submits, and logs the events: all of it, or nothing.
    ///
    /// A task whose identifier is known is left as it is, so a tick whose task has an identifier derived from schedule and tick
    /// is fired once, however often the call is repeated.
    ///
    /// - Parameters:
    ///   - schedule: The new record. Its version is the one that must be stored at present: 0 if there must be no schedule of
    ///     its name.
    ///   - tasks: The tasks of the ticks that have come; none for any other change.
    ///   - events: What became of the ticks, for the event log; written only if the schedule is.
    func save(
        _ schedule: ScheduleRecord, firing tasks: [NewTask], events: [ScheduleEvent]
    ) async throws(StoreError) -> ScheduleOutcome

    /// Removes a schedule; its tasks stay.
    ///
    /// - Parameters:
    ///   - name: The schedule's name.
    ///   - version: The version that must be stored at present; nil for any.
    func removeSchedule(_ name: String, version: Int?) async throws(StoreError) -> ScheduleOutcome

    /// The schedule; nil if there is none of that name.
    func schedule(_ name: String) async throws(StoreError) -> ScheduleRecord?

    /// Up to `limit` schedules in the order of their names' bytes, from the first after `name` on.
    func schedules(after name: String?, limit: Int) async throws(StoreError) -> [ScheduleRecord]

    /// Up to `limit` schedules that are due, the longest due first.
    func dueSchedules(limit: Int) async throws(StoreError) -> DueSchedules
}

extension ScheduleStore {
    /// Writes a schedule without firing it.
    public func save(_ schedule: ScheduleRecord) async throws(StoreError) -> ScheduleOutcome {
        try await save(schedule, firing: [], events: [])
    }
}

/// The outcome of a change of a schedule.
public enum ScheduleOutcome: Sendable, Hashable {
    /// The schedule's new version, and the outcomes of its tasks, in order.
    case saved(version: Int, [InsertOutcome])
    case removed
    /// Nothing changed, because another version is stored: this one. Nil if there is no schedule of that name.
    case conflict(ScheduleRecord?)
}

/// The schedules that are due.
public struct DueSchedules: Sendable, Hashable {
    public var schedules: [ScheduleRecord]
    /// The time by the store's clock.
    public var now: Timestamp
    /// Time until the next schedule is due, by the store's clock; zero if one is due already, nil if none will be.
    public var nextDueIn: Duration?

    public init(schedules: [ScheduleRecord], now: Timestamp, nextDueIn: Duration?) {
        self.schedules = schedules
        self.now = now
        self.nextDueIn = nextDueIn
    }
}
