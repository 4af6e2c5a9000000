import XQueueCore

/// A sink of a node, over the node's network to a receiver that all nodes share.
final class RecordingSink: EventSink, @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    let name = "recorder"
    private unowned let process: NodeProcess
    private unowned let cluster: Cluster
    private let dice: Dice

    init(_ process: NodeProcess, _ cluster: Cluster) {
        self.process = process
        self.cluster = cluster
        dice = Dice(seed: cluster.plan.orderSeed, "sink \(process.name)")
    }

    func open() async throws {
        try await send {}
    }

    func deliver(_ events: [TaskEvent]) async throws {
        guard !events.isEmpty else { return }
        try await send { self.cluster.witness.delivered(events) }
    }

    func close() async {}

    private func send(_ arrive: () -> Void) async throws {
        let fate = MessageFate(process.link.network, dice)
        await cluster.scheduler.wait(for: fate.requestDelay)
        if !fate.losesRequest { arrive() }
        guard !fate.losesRequest, !fate.losesReply else {
            await process.gate.wait(for: fate.timeout)
            throw Unreachable()
        }
        await process.gate.wait(for: fate.replyDelay)
    }
}
