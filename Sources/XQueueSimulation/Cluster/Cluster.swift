import XQueue
import XQueueCore

/// Everything that takes part in one simulation.
final class Cluster: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    let plan: Plan
    let plantedFault: PlantedFault?
    let scheduler: Scheduler
    let store: ModelStore
    let witness: Witness
    let diary: Diary
    private(set) var nodes: [Node] = []
    private(set) var workers: [RemoteMachine] = []
    private(set) var follower: Follower?
    /// No more faults: all of them are over, and every client has made its requests.
    var isQuiet = false
    /// Everyone is to come to an end.
    var isEnding = false
    /// Whoever has to come to an end by itself.
    private(set) var openClients = 0
    private(set) var openFaults = 0

    init(_ plan: Plan, _ fault: PlantedFault?, _ scheduler: Scheduler) {
        self.plan = plan
        self.scheduler = scheduler
        plantedFault = fault
        let witness = Witness(scheduler)
        self.witness = witness
        store = ModelStore(
            clock: SimulatedClock(scheduler, ProcessGate(scheduler)), keepsTokens: fault == .keptToken,
            forgetsBlocked: fault == .forgottenTask
        ) { changes in
            for change in changes { witness.changed(change) }
        }
        diary = Diary(witness)
        witness.cluster = self
        nodes = (0..<plan.nodes).map { Node("node-\($0)", self) }
        workers = (0..<plan.workers).map { RemoteMachine("worker-\($0)", self) }
    }

    var machines: [Machine] { nodes + workers }

    /// Starts everything.
    func start() {
        for machine in machines { machine.start() }
        openClients = plan.tasks.count + plan.schedules.count
        openFaults = plan.faults.count
        // Each ends by itself.
        for task in plan.tasks {
            Task {
                await Client(task, self).run()
                self.openClients -= 1
            }
        }
        for schedule in plan.schedules {
            Task {
                await Timekeeper(schedule, self).run()
                self.openClients -= 1
            }
        }
        for fault in plan.faults {
            Task {
                await FaultCase(fault, self).run()
                self.openFaults -= 1
            }
        }
        let follower = Follower(self)
        self.follower = follower
        // Ends when the cluster does.
        Task { await follower.run() }
    }

    /// Starts the nodes of the first version again, one after another, if tasks wait for the next version.
    func roll() {
        guard plan.tasks.contains(where: { $0.type == Plan.nextType }) else { return }
        openFaults += 1
        // Ends with the last node's restart.
        Task {
            for node in nodes where node.running?.version == 1 {
                await node.shutDown()
                node.start()
                await scheduler.wait(for: .seconds(2))
            }
            openFaults -= 1
        }
    }

    /// Ends everything at once: what is suspended or crashed is let in, and finds its store closed.
    func end() async {
        isEnding = true
        for process in processes {
            process.cancel()
            if let node = process as? NodeProcess { await node.link.close() }
            process.gate.open()
        }
        await store.close()
    }

    /// Drops everything, after ``end()``.
    func dispose() {
        (nodes, workers, processes, follower) = ([], [], [], nil)
    }

    /// All processes there ever were.
    private(set) var processes: [MachineProcess] = []

    /// Adds a process that has been started.
    func add(_ process: MachineProcess) {
        processes.append(process)
    }

    /// The machine of a name; nil if the plan has been made smaller.
    func machine(_ name: MachineName) -> Machine? {
        switch name {
        case .node(let number): number < nodes.count ? nodes[number] : nil
        case .worker(let number): number < workers.count ? workers[number] : nil
        }
    }

    /// The process of a name, which may have ended.
    func process(named name: String) -> MachineProcess? { processes.first { $0.name == name } }

    /// The machine whose process has or had a name.
    func machine(of process: String) -> Machine? {
        machines.first { process.hasPrefix($0.name + ".") }
    }

    // MARK: - Requests

    /// Makes a request of a node, as over HTTP: it takes time, and it or its reply may be lost.
    ///
    /// - Parameters:
    ///   - network: The caller's network.
    ///   - gate: The border of the caller's process; nil for a caller that always runs.
    ///   - dice: Choose a node and what becomes of the request.
    ///   - patience: How long the caller waits for the reply.
    ///   - abandoned: What the node does if the caller gives up.
    ///   - body: What the node does.
    /// - Throws: ``Unreachable`` if there is no reply, and what `body` throws.
    func request<Value: Sendable>(
        over network: NetworkState = NetworkState(), into gate: ProcessGate? = nil, _ dice: Dice,
        within patience: Duration = .seconds(22), abandoned: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable (NodeProcess) async throws -> Value
    ) async throws -> Value {
        let fate = MessageFate(network, dice)
        guard let node = dice.pick(nodes).running, !node.hasEnded else {
            await scheduler.wait(for: fate.requestDelay)
            throw Unreachable()
        }
        let reply = AsyncPromise<Result<Value, any Error>>()
        let timeout = scheduler.at(scheduler.time + patience.simulated) {
            reply.fulfill(.failure(Unreachable()))
            node.gate.deliver(abandoned)
        }
        // Ends with the reply, or never if the node crashes meanwhile.
        Task { [scheduler] in
            await scheduler.wait(for: fate.requestDelay)
            guard !fate.losesRequest else { return }
            await node.gate.enter()
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(node))
            } catch {
                result = .failure(error)
            }
            guard !fate.losesReply else { return }
            if let gate {
                await gate.wait(for: fate.replyDelay)
            } else {
                await scheduler.wait(for: fate.replyDelay)
            }
            reply.fulfill(result)
        }
        let result = await reply.value
        scheduler.cancel(timeout)
        return try result.get()
    }

    /// Repeats a request until a node answers it; nil if the answer is a rejection.
    @discardableResult
    func persist<Value: Sendable>(
        _ dice: Dice, _ body: @escaping @Sendable (NodeProcess) async throws -> Value
    ) async -> Value? {
        while !isEnding {
            do {
                return try await request(dice, body)
            } catch let error as QueueError where !error.isTransient {
                return nil
            } catch {
                await scheduler.wait(for: dice.milliseconds(200...1200))
            }
        }
        return nil
    }
}

extension QueueError {
    /// Whether another node, or the same one later, may answer otherwise.
    var isTransient: Bool { code == .storeUnavailable || code == .stopped || code == .tooManySubscribers }
}

/// A node did not reply.
struct Unreachable: Error {}
