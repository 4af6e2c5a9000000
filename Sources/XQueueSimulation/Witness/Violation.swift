import XQueueCore

/// A promise that did not hold.
package struct Violation: Error, Sendable, CustomStringConvertible {
    /// The promises, each checked after every step that could break it.
    package enum Rule: String, Sendable, CaseIterable {
        case versionGap = "a task's versions have a gap"
        case illegalEnd = "an ended task changed although nobody retried it"
        case illegalEdit = "a task was rewritten that did not wait, or that nobody edited or replaced"
        case lostEdit = "an acknowledged edit is lost"
        case staleAttempt = "an attempt was given its task as it was before an edit or a replacement"
        case retryCount = "retry_count is not the number of attempts that failed"
        case countedShutdown = "a shutdown used up a retry"
        case sharedToken = "two attempts of a task have the same fencing token"
        case staleSettle = "an attempt without a lease settled the task"
        case overLimit = "more attempts hold a lease than a limit allows"
        case sharedKey = "two tasks have one unique key"
        case forgottenTask = "a task is blocked, and no other has its unique key"
        case earlyTimeout = "an attempt timed out before its process timeout"
        case lostLease = "a sound worker lost a lease"
        case wrongStop = "a handler was asked to stop for no reason"
        case overlap = "two attempts of a task ran at once without an excuse"
        case wrongResult = "a task succeeded with a result that its attempt did not return"
        case wrongWait = "waiting for a task returned something else than its end"
        case wrongRejection = "a legal submission was rejected"
        case lostTask = "an accepted task is gone"
        case followerGap = "a follower missed an event or saw one twice"
        case sinkGap = "a sink missed an event"
        case busyLoop = "a node calls the store without pause"
        case emptySweeps = "a node sweeps without pause although nothing is due"
        case silentNode = "a sound node does not renew its registration"
        case idleSlot = "a task is ready and a slot is free, but nobody starts it"
        case noSweep = "a task is overdue, and nobody sweeps"
        case wrongTick = "a schedule lost a tick or fired one twice"
        case heldToken = "a token is held although nothing runs"
        case wrongCounts = "statistics differ from the tasks"
        case notDrained = "the queue was not drained in time after the last fault"
        case notStopped = "a node did not shut down in time"
        case nodeFailed = "a node ended by itself"
        case livelock = "no time passes any more"
        case escape = "a job escaped the simulation"
    }

    package let rule: Rule
    package let detail: String
    /// When it was noticed, since the start.
    package let time: Duration

    package var description: String { "at \(time.text): \(rule.rawValue): \(detail)" }
}
