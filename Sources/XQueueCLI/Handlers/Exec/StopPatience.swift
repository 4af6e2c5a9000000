import XQueue

/// How long a program that was asked to stop may take.
struct StopPatience {
    private var limit: Duration
    private let stopPeriod: Duration
    private var isShutdown = false

    /// - Parameters:
    ///   - grace: The time after a cancel or a timeout.
    ///   - stopPeriod: The time at shutdown, which also cuts short what is left of `grace`.
    init(grace: Duration, stopPeriod: Duration) {
        limit = Self.before(grace)
        self.stopPeriod = stopPeriod
    }

    /// False once the time is over, `elapsed` after the program was asked.
    mutating func hasTime(after elapsed: Duration, _ reason: StopReason?) -> Bool {
        if reason == .shutdown, !isShutdown {
            isShutdown = true
            let rest = Self.before(stopPeriod)
            limit = elapsed == .zero ? rest : min(limit, elapsed + rest)
        }
        return elapsed < limit
    }

    /// A tenth earlier, so that the program is gone before its attempt is given up.
    private static func before(_ time: Duration) -> Duration {
        time - min(time / 10, .milliseconds(500))
    }
}
