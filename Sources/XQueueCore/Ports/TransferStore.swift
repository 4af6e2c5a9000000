/// The part of a ``Store`` that moves a whole queue to another store while no node runs on either.
///
/// The source is read page by page with ``copies(_:)``; the target adopts each page with ``adopt(_:note:)``,
/// and ``endTransfer(note:)`` completes it. An interrupted transfer resumes from the target's note.
public protocol TransferStore: Sendable {
    /// Returns one page of the tasks, as ``TaskStore/tasks(_:)`` lists them, with everything the store keeps of
    /// each.
    func copies(_ query: TaskQuery) async throws(StoreError) -> TransferPage

    /// Stores tasks exactly as they are, with their places in the queue, unique keys and due times, and saves
    /// the note in the same step. Returns the outcomes in order.
    ///
    /// A task whose identifier is known stays as it is. A running task keeps its lease, which expires like any
    /// other. No event is written, and no ``StoreLimits`` apply: whatever one store held, the other accepts.
    ///
    /// - Parameters:
    ///   - copies: A page of ``copies(_:)``.
    ///   - note: Says how far the transfer is; replaces the previous note.
    func adopt(_ copies: [TaskCopy], note: String) async throws(StoreError) -> [Adoption]

    /// Makes parked tasks ready whose keys have free tokens, since tasks that held those tokens may not have
    /// been adopted, and then saves the note.
    func endTransfer(note: String) async throws(StoreError)

    /// The latest note; nil if there was never a transfer to this store.
    func transferNote() async throws(StoreError) -> String?
}

extension Store {
    /// The pages of ``TaskStore/tasks(_:)``, for stores that keep only a task's record.
    public func copies(_ query: TaskQuery) async throws(StoreError) -> TransferPage {
        let page = try await tasks(query)
        return TransferPage(copies: page.tasks.map { TaskCopy($0) }, total: page.total, next: page.next)
    }
}

/// A task as transferred from one store to another.
public struct TaskCopy: Sendable, Hashable {
    public var record: TaskRecord
    /// The `run_at` of a task that was submitted with a time rather than a delay; nil otherwise, or if the
    /// store does not keep it.
    public var givenRunAt: Timestamp?
    /// Whether the task holds its unique key; nil if its record is all that says so.
    public var holdsUniqueKey: Bool?

    /// - Parameters:
    ///   - record: The part every store keeps.
    ///   - givenRunAt: See ``givenRunAt``.
    ///   - holdsUniqueKey: See ``holdsUniqueKey``.
    public init(_ record: TaskRecord, givenRunAt: Timestamp? = nil, holdsUniqueKey: Bool? = nil) {
        self.record = record
        self.givenRunAt = givenRunAt
        self.holdsUniqueKey = holdsUniqueKey
    }
}

/// One page of a transfer.
public struct TransferPage: Sendable, Hashable {
    public var copies: [TaskCopy]
    /// Number of tasks that match the query, over all pages.
    public var total: Int
    /// Where the next page begins; nil if no task comes after these.
    public var next: TaskCursor?

    /// - Parameters:
    ///   - copies: The tasks.
    ///   - total: See ``total``.
    ///   - next: See ``next``.
    public init(copies: [TaskCopy], total: Int, next: TaskCursor?) {
        self.copies = copies
        self.total = total
        self.next = next
    }
}

/// The outcome of adopting a task from another store. The raw values are used in summaries.
public enum Adoption: String, Sendable, Hashable, CaseIterable {
    /// The task was added.
    case adopted
    /// It was there already, identical.
    case known
    /// A task with its identifier was there in another state; that one stays.
    case differs
    /// Another task holds its unique key, so it was not adopted.
    case uniqueKeyTaken = "unique_key_taken"
}

extension TaskRecord {
    /// Whether the task's state is as it was at submission, except that it may be parked.
    package var isUnmoved: Bool {
        var initial = TaskState(
            createdAt: state.createdAt, runAt: state.runAt, queueTimeout: definition.queueTimeout)
        if state.pendingReason == .parked, initial.pendingReason == .ready { initial.pendingReason = .parked }
        return state == initial
    }
}
