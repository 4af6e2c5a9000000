/// The port to where the queue lives, and the only truth about it: tasks, types, the cluster and the event log.
///
/// A conforming store promises, and the conformance suite in `XQueueTesting` checks:
///
/// - Every call is atomic: all of it happens, durably, or none of it.
/// - It takes each step exactly as ``TaskStateMachine`` does, by its own clock.
/// - Tokens of a concurrency key and slots of a type are taken in `claim` and given back by whatever
///   ends the attempt, in the same step. A token is the `processing` task itself, so none can leak.
/// - Among the tasks a claim may take, larger priority comes first, then the smaller identifier.
/// - A task whose key has no free token is parked and passed by. As soon as a token is free, the best
///   parked task of each type under that key is ready again.
///
/// Concurrent callers are welcome: a store gathers them into one commit. To change what some calls of a store do, write
/// a ``StoreDecorator``.
public protocol Store: TaskStore, TypeStore, ClusterStore, EventLog, TransferStore {
    /// What the store is, for people: `sqlite`.
    var name: String { get }

    /// What it promises beyond that. It does not change.
    var capabilities: StoreCapabilities { get }

    /// What time it is by the store's clock, which dates everything.
    func now() async throws(StoreError) -> Timestamp

    /// Throws what is wrong if the store could not accept a task now.
    func check() async throws(StoreError)

    /// What happens in the store, as hints that may be merged or lost: whoever listens looks for
    /// itself, and polls slowly as a safety net.
    func signals() -> AsyncStream<StoreSignal>

    /// Finishes what is under way and lets go of the store. Later calls throw `closed`.
    func close() async
}

/// A hint that something happened in the store.
public enum StoreSignal: Sendable, Hashable {
    /// A task may have become ready.
    case ready
    /// A task is due in so long from now, by the store's clock, sooner than any before it.
    case due(in: Duration)
    /// A running task was asked to stop.
    case cancelRequested(TaskID)
}
