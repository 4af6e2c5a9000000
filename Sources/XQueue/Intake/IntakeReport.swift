public import XQueueCore

/// The log in front of the store: how it is, how far it is read, and what this node has fed from it.
public struct IntakeReport: Sendable, Hashable {
    /// What the log is: `kafka`.
    public let name: String
    public let status: IntakeStatus
    /// Whether this node waits for the store to take tasks again: it is full, or out of reach.
    public let isHeld: Bool
    /// How many tasks this node has fed into the store since its start.
    public let fed: Int
    /// How many of the records it received were in the store already.
    public let known: Int
    /// How many of them asked for a task for which an unfinished one with the same unique key answers.
    public let deduplicated: Int
    /// How many records this node has put aside because they cannot be used.
    public let rejected: Int
}

/// What a feeder has counted since the start of this node.
package struct IntakeCounts: Sendable {
    package var isHeld = false
    package var fed = 0
    package var known = 0
    package var deduplicated = 0
    package var rejected = 0
    /// Why it does not read the log now; nil if it does.
    package var problem: String?
}

extension IntakeFeeder {
    func report() async -> IntakeReport {
        var status = await intake.status()
        let counts = counts
        status.problem = counts.problem ?? status.problem
        return IntakeReport(
            name: intake.name, status: status, isHeld: counts.isHeld, fed: counts.fed, known: counts.known,
            deduplicated: counts.deduplicated, rejected: counts.rejected)
    }
}
