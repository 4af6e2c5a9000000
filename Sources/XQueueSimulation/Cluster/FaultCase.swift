import XQueue
import XQueueCore

/// One fault of the plan, from its start to its end.
final class FaultCase: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    private let fault: PlannedFault
    private let cluster: Cluster
    private let dice: Dice

    init(_ fault: PlannedFault, _ cluster: Cluster) {
        self.fault = fault
        self.cluster = cluster
        dice = Dice(seed: cluster.plan.orderSeed, "fault \(fault.number)")
    }

    func run() async {
        await cluster.scheduler.wait(for: fault.start)
        guard let machine = cluster.machine(fault.machine), !cluster.isEnding else { return }
        switch fault.kind {
        case .suspend: await suspend(machine)
        case .crash: await crash(machine)
        case .restart:
            await machine.shutDown()
            await lastUntilEnd()
            machine.start()
        case .lose(let percent): await disturb([machine], NetworkState(loss: percent))
        case .slow(let delay): await disturb([machine], NetworkState(delay: 1...delay))
        case .blackout: await disturb(cluster.nodes, NetworkState(loss: 100))
        case .step(let step): machine.clockError += step
        case .limit(let type, let limit):
            await operate { try await $0.manager.setLimit(limit, of: type, create: true) }
            await lastUntilEnd()
            await insist({ $0.limit != nil }, of: type) {
                try await $0.manager.setLimit(nil, of: type, create: true)
            }
        case .pause(let type):
            await operate { try await $0.manager.pause(type, create: true) }
            await lastUntilEnd()
            await insist({ $0.isPaused }, of: type) { try await $0.manager.resume(type) }
        }
    }

    private func suspend(_ machine: Machine) async {
        guard let process = machine.process else { return }
        machine.fallIll()
        process.suspend()
        await lastUntilEnd()
        process.resume()
        machine.recover()
    }

    private func crash(_ machine: Machine) async {
        machine.fallIll()
        machine.crash()
        await lastUntilEnd()
        machine.start()
        machine.recover()
    }

    private func disturb(_ machines: [Machine], _ network: NetworkState) async {
        for machine in machines {
            machine.fallIll()
            machine.setNetwork(network, fault: fault.number)
        }
        await lastUntilEnd()
        for machine in machines {
            machine.setNetwork(nil, fault: fault.number)
            machine.recover()
        }
    }

    private func operate(_ body: @escaping @Sendable (NodeProcess) async throws -> Void) async {
        await cluster.persist(dice, body)
    }

    /// Undoes a setting, and looks for a while whether it stays so: a node that was suspended may still carry out an earlier
    /// request that nobody waits for any more.
    private func insist(
        _ isSet: (ModelState.TypeSetting) -> Bool, of type: String,
        _ undo: @escaping @Sendable (NodeProcess) async throws -> Void
    ) async {
        await operate(undo)
        // Longer than any node is suspended.
        for _ in 0..<30 where !cluster.isEnding {
            await cluster.scheduler.wait(for: .seconds(1))
            if isSet(cluster.store.setting(of: type)) { await operate(undo) }
        }
    }

    private func lastUntilEnd() async {
        let rest = fault.end - .nanoseconds(cluster.scheduler.time)
        if rest > .zero { await cluster.scheduler.wait(for: rest) }
    }
}
