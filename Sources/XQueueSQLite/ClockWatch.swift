import XQueueCore

/// Notices when somebody sets the wall clock: it and the monotonic clock no longer go the same way then.
///
/// Time servers that only speed a clock up or slow it down do so to both, and are not noticed.
struct ClockWatch {
    /// Steps below this are left alone: nothing that is counted in seconds suffers from them.
    private static let tolerance = Duration.seconds(1)
    /// Two clocks are not read at once. If there is more than this between, they are read again.
    private static let longestReading = Duration.milliseconds(5)

    /// What the wall clock showed at some instant.
    private var anchor: (time: Timestamp, at: MonotonicInstant)

    init(_ clock: any QueueClock) {
        anchor = (clock.now(), clock.instant())
    }

    /// What time it is, and by how much the clock was set since the last ``accept(_:)``.
    func look(at clock: any QueueClock) -> (now: Timestamp, step: Duration) {
        for _ in 0..<10 {
            let before = clock.instant()
            let now = clock.now()
            let after = clock.instant()
            guard after - before <= Self.longestReading else { continue }
            let step = (now - anchor.time) - (after - anchor.at)
            let isStep = step >= Self.tolerance || step <= .zero - Self.tolerance
            return (now, isStep ? .milliseconds(step.wholeMilliseconds) : .zero)
        }
        // This process hardly runs; the next look will tell.
        return (clock.now(), .zero)
    }

    /// What was waited for has been set by `step`, too.
    mutating func accept(_ step: Duration) {
        anchor.time = anchor.time + step
    }
}
