import XQueue

/// How long a program that was asked to stop may take.
struct StopPatience {
    private var limit: Duration
    private var isShutdown = false

    /// - Parameter grace: The time that the attempt has when it is asked to stop.
    init(grace: Duration) {
        limit = Self.before(grace)
    }

    /// Whether the program may take longer.
    ///
    /// - Parameters:
    ///   - elapsed: How long ago the program was asked.
    ///   - reason: Why it must stop, as far as is known now.
    ///   - grace: The time that an attempt has to stop for this reason. That at shutdown also cuts short what is left
    ///     of an earlier one.
    mutating func hasTime(after elapsed: Duration, _ reason: StopReason?, grace: Duration) -> Bool {
        if reason == .shutdown, !isShutdown {
            isShutdown = true
            let rest = Self.before(grace)
            limit = elapsed == .zero ? rest : min(limit, elapsed + rest)
        }
        return elapsed < limit
    }

    /// A tenth earlier, so that the program is gone before its attempt is given up.
    private static func before(_ time: Duration) -> Duration {
        time - min(time / 10, .milliseconds(500))
    }
}
