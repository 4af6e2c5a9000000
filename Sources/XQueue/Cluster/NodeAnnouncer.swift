import Logging
import XQueueCore

/// Tells the cluster, at every heartbeat, that this node is there.
struct NodeAnnouncer: Sendable {
    let store: any Store
    /// The node as it is now.
    let node: @Sendable () -> NodeRecord
    let interval: Duration
    let context: EngineContext
    /// Called after each announcement.
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
                try await births.look()
                // Should it fail, what was seen before will do.
                try? await births.remember()
                backOff.reset()
                hasFailed = false
                guard (try? await context.clock.sleep(for: interval)) != nil else { return }
            } catch {
                // An operator need hear of it once, not at every try.
                context.logger.log(
                    level: hasFailed ? .debug : .warning,
                    "This node cannot be announced; trying again", metadata: ["error": "\(error)"])
                hasFailed = true
                guard await backOff.wait() else { return }
            }
        }
    }
}
