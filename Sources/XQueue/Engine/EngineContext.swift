import Logging
import XQueueCore

/// What every part of the engine needs: clock, randomness, metrics and logger.
struct EngineContext: Sendable {
    let clock: any QueueClock
    let random: any RandomSource
    let metrics: QueueMetrics
    private(set) var logger: Logger

    /// Returns a copy whose log lines carry one more metadata value.
    ///
    /// - Parameters:
    ///   - key: The metadata key, such as `sink`.
    ///   - value: Its value.
    func logging(_ key: String, _ value: String) -> EngineContext {
        var context = self
        context.logger[metadataKey: key] = "\(value)"
        return context
    }

    /// Returns the back-off between retries.
    ///
    /// - Parameter longest: Maximum wait.
    func backOff(longest: Duration = .seconds(5)) -> BackOff {
        BackOff(clock: clock, random: random, longest: longest)
    }
}
