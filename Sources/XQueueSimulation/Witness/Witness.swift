import XQueue
import XQueueCore

/// Watches a simulation from outside: what every promise means for each step, by the true time.
final class Witness: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    private let scheduler: Scheduler
    weak var cluster: Cluster?
    /// The first promise that did not hold.
    private(set) var violation: Violation?
    /// A hash of everything that happened at the store, in order.
    private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var callCount = 0
    /// The tasks that clients know to be accepted.
    private(set) var accepted: Set<TaskID> = []
    var requeues: Set<TaskID> = []
    /// The tasks that clients may have edited.
    var edits: Set<TaskID> = []
    /// Each edit that the store has made: the task with it, by its version.
    var edited: [TaskID: [Int: TaskRecord]] = [:]
    /// The tasks that hold a lease.
    var running: [TaskID: TaskRecord] = [:]
    var tokens: Set<AttemptID> = []
    /// The attempts that the call under way settles; nil if it is another call.
    var settling: Set<AttemptID>?
    /// How many attempts of each task have failed since its submission or requeue.
    var failures: [TaskID: Int] = [:]
    var calls: [String: CallCount] = [:]
    /// When each node last renewed its registration.
    var registeredAt: [String: Int64] = [:]
    /// Since when each task could have been started, as far as ``look(_:)`` has seen.
    var waitingSince: [TaskID: Int64] = [:]
    /// The last event that the sink has received.
    private(set) var lastDelivered: Int64 = 0
    private var quietSince: Int64?

    init(_ scheduler: Scheduler) {
        self.scheduler = scheduler
    }

    var time: Int64 { scheduler.time }

    /// How long there has been no fault; nil while there may be some.
    var quietTime: Int64? { quietSince.map { time - $0 } }

    func becomesQuiet() { quietSince = time }

    func fail(_ rule: Violation.Rule, _ detail: String) {
        guard violation == nil else { return }
        violation = Violation(rule: rule, detail: detail, time: .nanoseconds(time))
    }

    /// Adds a number to the digest.
    func note(_ number: Int64) {
        digest = (digest ^ UInt64(bitPattern: number)) &* 0x100_0000_01B3
        digest ^= digest >> 29
    }

    /// A call has reached the store.
    func called(_ verb: StoreVerb, by process: String) {
        callCount += 1
        note(time)
        for byte in process.utf8 { note(Int64(byte)) }
        for byte in verb.rawValue.utf8 { note(Int64(byte)) }
    }

    // MARK: - Clients

    /// A client was told that its task is accepted.
    func accepted(_ task: PlannedTask, _ outcome: SubmitOutcome) {
        let record = outcome.record
        accepted.insert(record.id)
        guard record.id != task.id else { return }
        guard let key = task.uniqueness?.key, record.uniqueKey == key, record.type == task.type else {
            return fail(.lostTask, "submitting task \(task.number) returned task \(record.payload)")
        }
        if case .replaced = outcome, record.payload.text != "\(task.number)" {
            fail(.lostTask, "task \(task.number) was to replace another, which is task \(record.payload) now")
        }
    }

    /// A client was told that another task has the unique key.
    func rejected(_ task: PlannedTask) {
        switch task.uniqueness?.onConflict {
        case .reject, .replace: break
        default: fail(.wrongRejection, "task \(task.number), for its unique key")
        }
    }

    /// A client is about to retry a task that has ended.
    func requeues(_ id: TaskID) { requeues.insert(id) }

    /// A client was told that a task has ended.
    func awaited(_ record: TaskRecord) {
        guard !record.status.isFinal else { return }
        fail(.wrongWait, "task \(record.payload) is still \(record.status.rawValue)")
    }

    /// A follower has received an event after a cursor.
    func followed(_ event: TaskEvent, after cursor: EventCursor) {
        guard event.cursor.number != cursor.number + 1 else { return }
        fail(.followerGap, "event \(event.cursor.number) came after \(cursor.number)")
    }

    /// A sink has received events, some of them perhaps again.
    func delivered(_ events: [TaskEvent]) {
        var last = lastDelivered
        for event in events {
            if event.cursor.number > last + 1 {
                return fail(.sinkGap, "event \(event.cursor.number) came after \(last)")
            }
            last = max(last, event.cursor.number)
        }
        lastDelivered = last
    }

    func nodeFailed(_ name: String, _ error: any Error) {
        // A node whose store cannot be reached when it starts ends, and is started again.
        guard let machine = cluster?.machine(of: name) else { return }
        if machine.health.isSound(since: time - 10_000_000_000) { fail(.nodeFailed, "\(name): \(error)") }
    }
}

/// How many calls of a kind a process has made within one second.
struct CallCount {
    var second: Int64 = 0
    var calls = 0
    var emptySweeps = 0
}
