package import XQueue
package import XQueueCore

/// What happens in one simulation, apart from the order of things that happen at the same time: drawn from the seed, and then
/// fixed, so that parts can be left out and the rest stays as it is.
package struct Plan: Sendable {
    package let seed: UInt64
    /// Chooses another order of events, and other delays and losses, for the same plan.
    package var order = 0
    /// Number of nodes.
    package var nodes: Int
    /// Number of remote workers.
    package var workers: Int
    /// The queue's grace period.
    package let gracePeriod: Duration
    package var tasks: [PlannedTask]
    package var faults: [PlannedFault]
    package var schedules: [PlannedSchedule]

    /// The seed of whatever happens by chance while the plan is carried out.
    var orderSeed: UInt64 { seed ^ UInt64(order) << 48 }

    /// When the last fault is over and the last request was made, from the start.
    package var quietAt: Duration {
        let ends =
            faults.map(\.end)
            + tasks.map { max($0.submitAt, $0.cancelAt ?? .zero, $0.edit?.time ?? .zero) }
            + schedules.map(\.pausedAt)
        return ends.max() ?? .zero
    }
}

/// A task that a client submits.
package struct PlannedTask: Sendable {
    /// From 0; the task's payload.
    package let number: Int
    package let id: TaskID
    package var submitAt: Duration
    package var type: String
    package var priority: Int32
    package var key: ConcurrencyLimit?
    package var uniqueness: Uniqueness?
    package var delay: Duration
    package var maxRetry: Int
    package var queueTimeout: Duration?
    package var processTimeout: Duration
    /// What each attempt does; the last one repeats.
    package var work: [PlannedWork]
    /// What the client changes of it if it still waits; nil for nothing.
    package var edit: PlannedEdit?
    /// When the client cancels it, from the start; nil for never.
    package var cancelAt: Duration?
    /// Whether the client retries it once if it ends without success.
    package var isRequeued: Bool
}

/// An edit of a task, which leaves a mark in its metadata.
package struct PlannedEdit: Sendable {
    /// From the start.
    package var time: Duration
    package var priority: Int32
    /// Its new concurrency key; nil for none.
    package var key: ConcurrencyLimit?
    /// Its new delay; nil leaves the time to run as it is.
    package var delay: Duration?
    /// Whether it names the version that the task had when it was accepted.
    package var isConditional: Bool
}

/// A schedule of tasks that nobody runs, each of which ends with its queue timeout.
package struct PlannedSchedule: Sendable {
    /// From 0, for naming it.
    package let number: Int
    package var madeAt: Duration
    package var pausedAt: Duration
    /// In seconds.
    package var period: Int

    package var name: String { "schedule-\(number)" }
}

/// What one attempt does.
package struct PlannedWork: Sendable {
    package enum End: String, Sendable, CaseIterable {
        case success, failure, permanentFailure, snooze
        /// Never, unless it is asked to stop.
        case stop
    }

    package var duration: Duration
    package var end: End
    /// Whether it ignores that it is asked to stop.
    package var isDeaf = false
}

/// A machine of the plan, from 0.
package enum MachineName: Sendable, Hashable, CustomStringConvertible {
    case node(Int)
    case worker(Int)

    package var description: String {
        switch self {
        case .node(let number): "node-\(number)"
        case .worker(let number): "worker-\(number)"
        }
    }
}

/// Something that goes wrong, or that an operator does.
package struct PlannedFault: Sendable {
    package enum Kind: Sendable {
        /// The process is suspended.
        case suspend
        /// The process ends from one moment to the next, and another one starts in the end.
        case crash
        /// The process is shut down as an operator would, and another one starts: at the end, or when it has shut down.
        case restart
        /// So many of a hundred messages are lost.
        case lose(Int)
        /// Messages take up to so many milliseconds.
        case slow(Int)
        /// The store cannot be reached by anyone.
        case blackout
        /// The wall clock is set.
        case step(Duration)
        /// An operator limits a type.
        case limit(String, Int)
        /// An operator pauses a type.
        case pause(String)
    }

    /// From 0, for naming it.
    package let number: Int
    package var start: Duration
    package var duration: Duration
    /// The machine it befalls. Operators work through any node.
    package var machine: MachineName
    package var kind: Kind

    package var end: Duration { start + duration }
}
