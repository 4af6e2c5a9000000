package import XQueueCore

/// What a transfer has done so far.
package struct TransferReport: Sendable, Hashable {
    /// How many tasks the source has.
    package var total = 0
    /// How many of them earlier runs have brought to the target.
    package var resumedAt = 0
    /// What became of those that were read, by earlier runs too.
    package var outcomes: [Adoption: Int] = [:]
    /// The tasks that were not taken, or stand otherwise in the target: the first of them.
    package var conflicts: [TaskID] = []
    /// How many types the source has.
    package var types = 0
    /// When an earlier run has copied everything; nil if this run had something to do.
    package var endedBefore: Timestamp?

    /// How many conflicts are named.
    private static let mostNamed = 20

    package init() {}

    /// How many tasks were read.
    package var read: Int { outcomes.values.reduce(0, +) }

    /// Whether everything of the source is in the target, as it was.
    package var isWhole: Bool {
        outcomes[.differs, default: 0] == 0 && outcomes[.uniqueKeyTaken, default: 0] == 0
    }

    /// - Parameter isRepeated: An earlier run may have taken the page, and was interrupted then.
    mutating func add(_ adoptions: [Adoption], of copies: [TaskCopy], isRepeated: Bool) {
        for (copy, answer) in zip(copies, adoptions) {
            var adoption = answer
            // A running task that the earlier run has taken may have lost its lease in the target since.
            let isLost = adoption == .differs && copy.record.status == .processing
            if isRepeated, adoption == .known || isLost { adoption = .adopted }
            outcomes[adoption, default: 0] += 1
            let isConflict = adoption == .differs || adoption == .uniqueKeyTaken
            if isConflict, conflicts.count < Self.mostNamed { conflicts.append(copy.record.id) }
        }
    }
}

/// Why a queue is not copied, though both stores could be used.
package struct TransferError: Error, Sendable, CustomStringConvertible {
    /// What stands in the way.
    package enum Reason: Sendable, Hashable {
        /// A node runs on the source or the target.
        case nodesRun
        /// Source and target are one queue.
        case sameQueue
        /// The source has neither tasks nor types.
        case nothingThere
        /// The target has tasks of its own.
        case targetInUse
        /// Somebody has worked on the source since the transfer began.
        case sourceChanged
    }

    package let reason: Reason
    package let description: String

    init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
