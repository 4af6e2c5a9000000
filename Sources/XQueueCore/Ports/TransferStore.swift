/// The part of a ``Store`` through which a whole queue moves to another store, while no node runs on either.
///
/// One store is read page by page with ``copies(_:)``; the other one takes each page with ``adopt(_:note:)``, and hears of the
/// end with ``endTransfer(note:)``. Whatever stops a transfer, it is resumed by what the target's note says.
public protocol TransferStore: Sendable {
    /// One page of the tasks, as ``TaskStore/tasks(_:)`` lists them, with everything the store keeps of each.
    func copies(_ query: TaskQuery) async throws(StoreError) -> TransferPage

    /// Takes tasks exactly as they are, with their places in the queue, their unique keys and due times, and keeps the
    /// note in the same step. Answers in order what became of each.
    ///
    /// A task whose identifier is known stays as it is. A running task keeps its lease, which expires as any other. No event
    /// is written, and no bound of ``StoreLimits`` applies: what one store held, the other one takes.
    ///
    /// - Parameters:
    ///   - copies: The tasks; a page of ``copies(_:)``.
    ///   - note: Says how far the transfer is. It replaces the earlier one.
    func adopt(_ copies: [TaskCopy], note: String) async throws(StoreError) -> [Adoption]

    /// Makes parked tasks ready whose keys have free tokens, since tasks that held those were not taken, and then keeps the
    /// note.
    func endTransfer(note: String) async throws(StoreError)

    /// The latest note; nil if no transfer ever led here.
    func transferNote() async throws(StoreError) -> String?
}

extension Store {
    /// The pages of ``TaskStore/tasks(_:)``: for stores that keep nothing of a task beyond its record.
    public func copies(_ query: TaskQuery) async throws(StoreError) -> TransferPage {
        let page = try await tasks(query)
        return TransferPage(copies: page.tasks.map { TaskCopy($0) }, total: page.total, next: page.next)
    }
}

/// A task as one store hands it to another.
public struct TaskCopy: Sendable, Hashable {
    public var record: TaskRecord
    /// The `run_at` of a task that was submitted with a time of day rather than a delay; nil if it was not, or the store
    /// does not keep that.
    public var givenRunAt: Timestamp?

    /// - Parameters:
    ///   - record: What every store keeps.
    ///   - givenRunAt: See ``givenRunAt``.
    public init(_ record: TaskRecord, givenRunAt: Timestamp? = nil) {
        self.record = record
        self.givenRunAt = givenRunAt
    }
}

/// One page of a transfer.
public struct TransferPage: Sendable, Hashable {
    public var copies: [TaskCopy]
    /// How many tasks the query matches in all, on whichever page.
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

/// What became of a task that a store was to take from another one. The raw values are the words in summaries.
public enum Adoption: String, Sendable, Hashable, CaseIterable {
    /// It is there now.
    case adopted
    /// It was there already, exactly so.
    case known
    /// A task with its identifier was there, in another state: that one stays.
    case differs
    /// Another unfinished task of its type has its unique key, so it was not taken.
    case uniqueKeyTaken = "unique_key_taken"
}

extension TaskRecord {
    /// Whether the task stands where it was when it was submitted, but for being parked.
    package var isUnmoved: Bool {
        var initial = TaskState(
            createdAt: state.createdAt, runAt: state.runAt, queueTimeout: definition.queueTimeout)
        if state.pendingReason == .parked, initial.pendingReason == .ready { initial.pendingReason = .parked }
        return state == initial
    }
}
