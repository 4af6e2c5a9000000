import CoreMetrics
import Logging
import Synchronization
import XQueueCore

/// Tells an operator what a sink has put aside: each message with its topic, so many a minute, and then their number.
struct RefusalLog: Sendable {
    static let mostLines = 20
    static let interval = Duration.seconds(60)

    private var begin: ContinuousClock.Instant?
    private var lines = 0
    private var untold = 0

    /// What is to be said now.
    ///
    /// - Returns: Messages by name, and how many others there are to be told of.
    mutating func take(
        _ refusals: SinkRefusals, at now: ContinuousClock.Instant
    ) -> (named: [SinkRefusal], others: Int) {
        if let begin, now - begin < Self.interval {
            let named = refusals.named.prefix(Self.mostLines - lines)
            lines += named.count
            untold += refusals.count - named.count
            return (Array(named), 0)
        }
        let others = untold
        (begin, lines, untold) = (now, refusals.named.count, refusals.count - refusals.named.count)
        return (refusals.named, others)
    }
}

extension SinkDrainer {
    /// Counts and tells what the sink has put aside.
    func noteRefusals() {
        let refusals = sink.takeRefusals()
        guard let last = refusals.named.last else { return }
        let now = clock.now()
        let (named, others) = counts.withLock { counts in
            counts.refused += refusals.count
            counts.lastRefused = (last, now)
            return counts.refusalLog.take(refusals, at: .now)
        }
        metrics.refused.increment(by: refusals.count)
        for refusal in named {
            logger.warning(
                "A sink does not take a message; it is put aside",
                metadata: ["topic": "\(refusal.topic)", "reason": "\(refusal.reason)"])
        }
        if others > 0 {
            logger.warning(
                "A sink did not take further messages; they are put aside", metadata: ["count": "\(others)"])
        }
    }
}
