package import XQueueCore

/// What a transfer has done so far.
package struct TransferReport: Sendable, Hashable {
    /// Number of tasks in the source.
    package var total = 0
    /// Number of tasks that earlier runs have processed.
    package var resumedAt = 0
    /// The outcomes of the tasks read, including earlier runs.
    package var outcomes: [Adoption: Int] = [:]
    /// The first of the tasks that were not adopted, or differ in the target.
    package var conflicts: [TaskID] = []
    /// Number of types in the source.
    package var types = 0
    /// Number of schedules that were copied.
    package var schedules = 0
    /// When an earlier run completed the copy; nil if this run had something to do.
    package var endedBefore: Timestamp?

    /// Maximum number of conflicts listed.
    private static let maxListed = 20

    package init() {}

    /// Number of tasks read.
    package var read: Int { outcomes.values.reduce(0, +) }

    /// Whether all tasks read are in the target unchanged.
    package var isWhole: Bool {
        outcomes[.differs, default: 0] == 0 && outcomes[.uniqueKeyTaken, default: 0] == 0
    }

    /// - Parameter isRepeated: Whether an earlier, interrupted run may have adopted the page.
    mutating func add(_ adoptions: [Adoption], of copies: [TaskCopy], isRepeated: Bool) {
        for (copy, answer) in zip(copies, adoptions) {
            var adoption = answer
            // A running task adopted by the earlier run may have lost its lease in the target since.
            let isLost = adoption == .differs && copy.record.status == .processing
            if isRepeated, adoption == .known || isLost { adoption = .adopted }
            outcomes[adoption, default: 0] += 1
            let isConflict = adoption == .differs || adoption == .uniqueKeyTaken
            if isConflict, conflicts.count < Self.maxListed { conflicts.append(copy.record.id) }
        }
    }
}

/// Why a queue is not copied although both stores are available.
package struct TransferError: Error, Sendable, CustomStringConvertible {
    /// The kind of obstacle.
    package enum Reason: Sendable, Hashable {
        /// A node runs on the source or the target.
        case nodesRun
        /// Source and target are the same queue.
        case sameQueue
        /// The source has neither tasks, types nor schedules.
        case nothingThere
        /// The target has tasks of its own.
        case targetInUse
        /// The source has changed since the transfer began.
        case sourceChanged
    }

    package let reason: Reason
    package let description: String

    init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
