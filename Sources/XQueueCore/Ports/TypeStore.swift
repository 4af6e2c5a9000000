/// The part of a ``Store`` that manages task types: limits, pauses and task counts.
public protocol TypeStore: Sendable {
    /// Sets how many tasks of `type` may run at once, across all nodes; nil for no limit.
    func setLimit(_ limit: Int?, ofType type: String) async throws(StoreError)

    /// Pauses or resumes claims of `type`. Running tasks are not affected.
    func setPaused(_ paused: Bool, type: String) async throws(StoreError)

    /// Removes types that have no tasks, including ended ones. Returns the outcomes in order.
    ///
    /// - Parameter evenIfSet: Whether to remove a type that has a limit or is paused.
    func removeTypes(
        _ types: [String], evenIfSet: Bool
    ) async throws(StoreError) -> [TypeRemoval]

    /// The types the store knows, with their limits.
    func types() async throws(StoreError) -> [TypeState]

    /// Task counts by type and status, the keys in use, and the flow of the last minute.
    func statistics() async throws(StoreError) -> StoreStatistics
}

/// One task type as known to the store.
public struct TypeState: Sendable, Hashable {
    public var type: String
    /// Maximum number of tasks of the type that run at once; nil for no limit.
    public var limit: Int?
    public var isPaused: Bool
    public var counts: StatusCounts

    public init(type: String, limit: Int? = nil, isPaused: Bool = false, counts: StatusCounts = .init()) {
        self.type = type
        self.limit = limit
        self.isPaused = isPaused
        self.counts = counts
    }
}

/// The outcome of removing a type.
public enum TypeRemoval: Sendable, Hashable, CaseIterable {
    /// Removed, with its limit and its pause.
    case removed
    /// The store does not know it.
    case notFound
    /// It still has tasks, ended ones included.
    case hasTasks
    /// It has a limit or is paused, and the caller did not ask to remove it anyway.
    case isSet
}
