import CSimulationHooks
import XQueueCore

/// The outcome of one simulation.
package struct SimulationOutcome: Sendable {
    /// The first promise that did not hold; nil if all held.
    package let violation: Violation?
    /// A hash of everything that happened at the store, in order.
    package let digest: UInt64
    /// How much time was simulated.
    package let time: Duration
    /// How many jobs have run.
    package let jobs: Int
    /// How many calls have reached the store.
    package let calls: Int
}

/// Runs a cluster of unchanged `TaskManager`s on the calling thread, in simulated time and in an order that the seed decides.
package final class Simulation: @unchecked Sendable {
    // Unchecked: confined to the thread that runs it.

    /// How long the queue may take to be drained after the last fault. A few long tasks of one key take half of it.
    private static let drainTime = Duration.seconds(900)
    /// How long nodes may take to shut down.
    private static let stopTime = Duration.seconds(30)

    private let scheduler: Scheduler
    private let cluster: Cluster
    private let plan: Plan
    private var witness: Witness { cluster.witness }

    private init(_ plan: Plan, _ fault: PlantedFault?) {
        self.plan = plan
        scheduler = Scheduler(seed: plan.orderSeed)
        scheduler.capture()
        cluster = Cluster(plan, fault, scheduler)
    }

    /// Runs a plan.
    ///
    /// The calling thread must belong to the caller alone: it takes over the jobs of Swift tasks that start there.
    ///
    /// - Parameters:
    ///   - plan: What happens.
    ///   - fault: A mistake that every node makes, for a test of the simulation itself.
    package static func run(_ plan: Plan, planting fault: PlantedFault? = nil) -> SimulationOutcome {
        let escaped = simulation_escaped_jobs()
        let simulation = Simulation(plan, fault)
        simulation.run()
        if simulation_escaped_jobs() != escaped {
            simulation.witness.fail(.escape, "\(simulation_escaped_jobs() - escaped) jobs")
        }
        let (scheduler, witness) = (simulation.scheduler, simulation.witness)
        let outcome = SimulationOutcome(
            violation: witness.violation, digest: witness.digest, time: .nanoseconds(scheduler.time),
            jobs: scheduler.jobCount, calls: witness.callCount)
        simulation.end()
        return outcome
    }

    // MARK: - Phases

    private func run() {
        cluster.start()
        lookEverySecond()
        guard pass(until: plan.quietAt), pass(.seconds(90), while: { $0.openFaults > 0 }) else { return }
        cluster.roll()
        guard pass(.seconds(90), while: { $0.openFaults > 0 }) else { return }
        guard cluster.openFaults == 0 else {
            return witness.fail(.notStopped, "faults do not end: \(cluster.openFaults)")
        }
        cluster.isQuiet = true
        witness.becomesQuiet()
        guard pass(Self.drainTime, while: { !$0.isDrained }) else { return }
        guard cluster.isDrained else { return witness.fail(.notDrained, cluster.backlog) }
        guard pass(.seconds(5)) else { return }
        // Ends at once: nothing it calls waits.
        Task { await witness.checkDrained(cluster) }
        guard pass(.seconds(1)) else { return }
        let processes = cluster.machines.compactMap(\.process)
        for machine in cluster.machines {
            // Ends with the machine's process.
            Task { await machine.shutDown() }
        }
        guard pass(Self.stopTime, while: { _ in processes.contains { !$0.hasEnded } }) else { return }
        for process in processes where !process.hasEnded { witness.fail(.notStopped, process.name) }
    }

    /// Lets time pass until `time`, since the start. Returns false if a promise did not hold.
    private func pass(until time: Duration) -> Bool {
        pass(time - .nanoseconds(scheduler.time))
    }

    /// Lets time pass while a condition holds. Returns false if a promise did not hold.
    private func pass(_ duration: Duration, while condition: (Cluster) -> Bool = { _ in true }) -> Bool {
        let pause = scheduler.run(until: scheduler.time + max(duration, .zero).simulated) {
            witness.violation == nil && condition(cluster)
        }
        if pause == .livelock { witness.fail(.livelock, "jobs keep starting each other") }
        return witness.violation == nil
    }

    private func lookEverySecond() {
        scheduler.at(scheduler.time + 1_000_000_000) { [self] in
            guard !cluster.isEnding else { return }
            witness.look(cluster)
            lookEverySecond()
        }
    }

    /// Lets everything that is left come to its end, so that nothing outlives the simulation.
    private func end() {
        // Ends at once, and so does whatever else is left.
        Task { await cluster.end() }
        _ = scheduler.run(until: scheduler.time + Duration.seconds(7200).simulated) { true }
        scheduler.release()
        cluster.dispose()
    }
}

extension Cluster {
    /// Whether every client has what it wanted, every task has ended, and every event has arrived.
    fileprivate var isDrained: Bool {
        guard openClients == 0 else { return false }
        let last = store.lastEventCursor.number
        return follower?.cursor.number == last && witness.lastDelivered == last
            && store.records.values.allSatisfy { $0.status.isFinal }
    }

    /// What is left to do, for people.
    fileprivate var backlog: String {
        let open = store.records.values.filter { !$0.status.isFinal }.sorted { $0.id < $1.id }
        let tasks = open.prefix(5).map { record in
            "task \(record.payload) is \(record.status.rawValue)"
                + (record.pendingReason.map { " (\($0.rawValue))" } ?? "")
        }
        let last = store.lastEventCursor.number
        return
            (tasks + [
                "\(openClients) clients wait", "\(last) events, follower at \(follower?.cursor.number ?? 0)",
                "sink at \(witness.lastDelivered)",
            ]).joined(separator: "; ")
    }
}
