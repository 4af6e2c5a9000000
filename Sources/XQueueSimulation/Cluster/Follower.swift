import XQueue
import XQueueCore

/// A client that follows all events: from one node, and after that one's end, or now and then, from another, where it left off.
final class Follower: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    private let cluster: Cluster
    private let dice: Dice
    /// The last event that it has seen.
    private(set) var cursor = EventCursor.start
    private var session = 0

    init(_ cluster: Cluster) {
        self.cluster = cluster
        dice = Dice(seed: cluster.plan.orderSeed, "follower")
    }

    func run() async {
        while !cluster.isEnding {
            if let node = dice.pick(cluster.nodes).running { await follow(node) }
            await cluster.scheduler.wait(for: dice.milliseconds(100...500))
        }
    }

    private func follow(_ node: NodeProcess) async {
        session += 1
        let number = session
        let connection = Task { await self.read(node, number) }
        repeat {
            await cluster.scheduler.wait(for: .seconds(1))
        } while session == number && !node.hasEnded && !cluster.isEnding && !dice.chance(5)
        // What the node still sends does not arrive.
        if session == number { session += 1 }
        connection.cancel()
    }

    /// Ends when the node ends the stream, or the Swift task is canceled.
    private func read(_ node: NodeProcess, _ number: Int) async {
        await node.gate.enter()
        do {
            for try await event in node.manager.events(after: cursor) {
                guard session == number else { return }
                cluster.witness.followed(event, after: cursor)
                cursor = event.cursor
            }
        } catch {
            // The node stops, or the follower was too slow: on to the next.
        }
        if session == number { session += 1 }
    }
}
