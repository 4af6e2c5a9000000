import XQueueCore

/// An identifier says when its task was made: lists, the order of the queue and pruning by age go by it.
extension TaskID {
    /// Whether it is dated further ahead of `now`, the time by the queue's clock, than clocks of callers may be.
    func isTooFarAhead(of now: Timestamp) -> Bool { timestamp - now > ModelLimits.farthestID }

    /// - Parameters:
    ///   - now: The time by the queue's clock.
    ///   - maker: Whose clock may be wrong: `client`.
    /// - Throws: ``QueueError/Code/invalidField`` if it is dated too far ahead.
    func checkTime(by now: Timestamp, madeBy maker: String) throws(QueueError) {
        guard isTooFarAhead(of: now) else { return }
        throw .invalid(
            "id",
            "is dated \(timestamp.rfc3339), more than a day ahead of the queue's clock (\(now.rfc3339)); "
                + "check the clock of the \(maker)")
    }
}
