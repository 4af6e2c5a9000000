import Logging
import XQueueCore

/// What every part of the engine works with: the time, chance, and where it counts and tells.
struct EngineContext: Sendable {
    let clock: any QueueClock
    let random: any RandomSource
    let metrics: QueueMetrics
    private(set) var logger: Logger

    /// The same, for a part whose log lines say what they are about.
    ///
    /// - Parameters:
    ///   - key: The name of a fact, such as `sink`.
    ///   - value: What the fact is.
    func logging(_ key: String, _ value: String) -> EngineContext {
        var context = self
        context.logger[metadataKey: key] = "\(value)"
        return context
    }

    /// The waits between tries of something that fails.
    ///
    /// - Parameter longest: The longest of them.
    func backOff(longest: Duration = .seconds(5)) -> BackOff {
        BackOff(clock: clock, random: random, longest: longest)
    }
}
