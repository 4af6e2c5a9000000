/// A schedule as stored. A store keeps it and finds the schedules that are due; what they mean is the runtime's affair.
public struct ScheduleRecord: Sendable, Hashable {
    public var name: String
    /// Counts the changes of the record, those by firing included. 0 stands for a record that is not stored yet.
    public var version: Int
    /// When it fires next; nil for never.
    public var dueAt: Timestamp?
    /// When it fires and what it submits: a JSON object.
    public var definition: RawJSON
    /// What it has done so far: a JSON object.
    public var state: RawJSON

    public init(
        name: String, version: Int = 0, dueAt: Timestamp?, definition: RawJSON, state: RawJSON
    ) {
        self.name = name
        self.version = version
        self.dueAt = dueAt
        self.definition = definition
        self.state = state
    }
}
