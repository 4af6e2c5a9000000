/// The part of a ``Store`` that knows the task types: their limits, their pauses, and how many tasks they have.
public protocol TypeStore: Sendable {
    /// Sets the most tasks of `type` that may run at once, across all nodes; nil for no limit.
    func setLimit(_ limit: Int?, ofType type: String) async throws(StoreError)

    /// Holds back, or lets go, the claims of `type`. Running tasks are not touched.
    func setPaused(_ paused: Bool, type: String) async throws(StoreError)

    /// Forgets types that have no tasks, not even ended ones. Answers in order what became of each.
    ///
    /// - Parameter evenIfSet: Whether a type goes though it has a limit or is paused.
    func removeTypes(
        _ types: [String], evenIfSet: Bool
    ) async throws(StoreError) -> [TypeRemoval]

    /// The types the store knows, with their limits.
    func types() async throws(StoreError) -> [TypeState]

    /// How many tasks there are of each type and status, which keys are in use, and what the last minute brought.
    func statistics() async throws(StoreError) -> StoreStatistics
}

/// One task type, as the store knows it.
public struct TypeState: Sendable, Hashable {
    public var type: String
    /// The most tasks of the type that may run at once; nil for no limit.
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

/// What became of a type that was to be forgotten.
public enum TypeRemoval: Sendable, Hashable, CaseIterable {
    /// It is gone, with its limit and its pause.
    case removed
    /// The store does not know it.
    case notFound
    /// There are tasks of it, ended ones included.
    case hasTasks
    /// It has a limit or is paused, which was not to be lost.
    case isSet
}
