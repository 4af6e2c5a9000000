import XQueueCore

/// Exponential back-off: 50 ms, doubling up to the longest wait, half of it jitter.
struct BackOff {
    private let clock: any QueueClock
    private let random: any RandomSource
    private let longest: Duration
    private var failures = 0

    init(clock: any QueueClock, random: any RandomSource, longest: Duration) {
        self.clock = clock
        self.random = random
        self.longest = longest
    }

    mutating func reset() {
        failures = 0
    }

    /// Returns how long to wait after one more failure.
    mutating func next() -> Duration {
        failures += 1
        let policy = RetryPolicy(delay: .milliseconds(50), maxDelay: longest, jitter: 0.5)
        return policy.backOff(retry: failures, draw: random.draw())
    }

    /// Waits. Returns false if the Swift task was canceled meanwhile.
    mutating func wait() async -> Bool {
        do {
            try await clock.sleep(for: next())
            return true
        } catch {
            return false
        }
    }
}
