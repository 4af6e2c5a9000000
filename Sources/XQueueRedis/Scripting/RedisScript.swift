#if Redis

/// The store's scripts, each of which runs atomically. Raw values are the file names.
enum RedisScript: String, CaseIterable, Sendable {
    case insert
    case claim
    case settle
    case heartbeat
    case report
    case cancel
    case requeue
    case rewrite
    case setType = "set-type"
    case removeTypes = "remove-types"
    case sweep
    case prune
    case saveSchedule = "save-schedule"
    case removeSchedule = "remove-schedule"
    case schedule
    case schedules
    case dueSchedules = "due-schedules"
    case read
    case list
    case statistics
    case types
    case probe
    case birth
    case layout
    case migrate
    case node
    case nodes
    case lease
    case events
    case acknowledge
    case sinkCursor = "sink-cursor"
    case adopt
    case endTransfer = "end-transfer"
    case transferNote = "transfer-note"
    case uniqueHolders = "unique-holders"
}

#endif
