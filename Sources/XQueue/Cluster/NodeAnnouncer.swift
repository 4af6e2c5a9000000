import Logging
import XQueueCore

/// Registers this node in the cluster at every heartbeat.
struct NodeAnnouncer: Sendable {
    let store: any Store
    /// The node's current record.
    let node: @Sendable () -> NodeRecord
    let interval: Duration
    let context: EngineContext
    /// Called after each registration.
    let announced: @Sendable () -> Void
    let births: BirthWatch

    /// Runs until the Swift task is canceled.
    func run() async {
        var backOff = context.backOff()
        var hasFailed = false
        while !Task.isCancelled {
            do throws(StoreError) {
                try await store.register(node(), lifetime: interval * 3)
                announced()
                try await births.check()
                // If this fails, the settings seen before remain.
                try? await births.remember()
                backOff.reset()
                hasFailed = false
                guard (try? await context.clock.sleep(for: interval)) != nil else { return }
            } catch {
                // Logged prominently once, not for every retry.
                context.logger.log(
                    level: hasFailed ? .debug : .warning,
                    "Could not register this node; retrying", metadata: ["error": "\(error)"])
                hasFailed = true
                guard await backOff.wait() else { return }
            }
        }
    }
}
