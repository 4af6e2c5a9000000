/// The calls of a store that can be made to fail or wait.
public enum StoreVerb: String, Sendable, Hashable, CaseIterable {
    case insert, claim, settle, heartbeat, report
    case cancel, requeue, setLimit, setPaused, removeTypes
    case sweep, prune
    case birth, register, unregister, nodes, hold, release
    case events, lastEvent, sinkCursor, acknowledge
    case now, task, tasks, statistics, types, check
}
