/// Where the queue is stored, and its single source of truth: tasks, types, schedules, the cluster and the event log.
///
/// A conforming store guarantees the following, which the conformance suite in `XQueueStoreTesting` checks:
///
/// - Every call is atomic and durable: all of it happens, or none of it.
/// - It takes each step exactly as ``TaskStateMachine`` does, by its own clock.
/// - Tokens of a concurrency key and slots of a type are taken in `claim` and returned by whatever ends the
///   attempt, in the same step. A token is the `processing` task itself, so none can leak.
/// - Among the tasks a claim may take, higher priority comes first, then the smaller identifier.
/// - A task whose key has no free token is parked and skipped. As soon as a token is free, the best parked task
///   of each type under that key is ready again.
///
/// Concurrent callers are welcome: a store combines them into one commit. To change what some calls of a store
/// do, write a ``StoreDecorator``.
public protocol Store: TaskStore, TypeStore, ScheduleStore, ClusterStore, EventLog, TransferStore {
    /// The store's name, for people: `sqlite`.
    var name: String { get }

    /// The store's further guarantees. They do not change.
    var capabilities: StoreCapabilities { get }

    /// The time by the store's clock, which all timestamps use.
    func now() async throws(StoreError) -> Timestamp

    /// Throws if the store could not accept a task now.
    func check() async throws(StoreError)

    /// Hints about what happens in the store, which may be merged or lost: the listener checks for itself, and
    /// polls slowly as a safety net.
    func signals() -> AsyncStream<StoreSignal>

    /// Finishes calls in progress and closes the store. Later calls throw `closed`.
    func close() async
}

/// A hint about something that happened in the store.
public enum StoreSignal: Sendable, Hashable {
    /// A task may have become ready.
    case ready
    /// A task or a schedule is due after this time, by the store's clock.
    case due(in: Duration)
    /// Cancellation of a running task was requested.
    case cancelRequested(TaskID)
}
