public import XQueueCore

/// The log in front of the store: its condition, how far it is read, and what this node has fed from it.
public struct IntakeReport: Sendable, Hashable {
    /// The log's kind: `kafka`.
    public let name: String
    public let status: IntakeStatus
    /// Whether this node is waiting for the store to accept tasks: it is full or unreachable.
    public let isHeld: Bool
    /// Number of tasks this node has fed into the store since it started.
    public let fed: Int
    /// Number of records received whose tasks were in the store already.
    public let known: Int
    /// Number of records received that became no tasks of their own, because another one held the unique key.
    public let deduplicated: Int
    /// Number of records this node has set aside as unusable.
    public let rejected: Int
}

/// What a feeder has counted since this node started.
package struct IntakeCounts: Sendable {
    package var isHeld = false
    package var fed = 0
    package var known = 0
    package var deduplicated = 0
    package var rejected = 0
    /// Why it cannot read the log now; nil if it can.
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
