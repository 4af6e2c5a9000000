import XQueueCore

/// What outlives the processes of one machine: its clocks, its network, and how well it has been.
class Machine: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread, as are the subclasses.
    let name: String
    unowned let cluster: Cluster
    /// How far the wall clock is ahead.
    var clockError = Duration.zero
    /// What the monotonic clock showed at the start of the simulation, in nanoseconds.
    let bootedAt: Int64
    /// The process that runs now; nil while there is none.
    private(set) var process: MachineProcess?
    private(set) var health = Health()
    private var processCount = 0
    /// The faults of its network, by number.
    private var networkFaults: [Int: NetworkState] = [:]
    private(set) var network = NetworkState()

    init(_ name: String, _ cluster: Cluster) {
        self.name = name
        self.cluster = cluster
        bootedAt = Int64(Dice(seed: cluster.plan.seed, "boot \(name)").below(1_000_000_000)) * 1_000_000
    }

    // MARK: - Processes

    /// Makes and starts a process.
    func makeProcess(_ name: String, number: Int) -> MachineProcess {
        preconditionFailure("a machine runs a node or a remote worker")
    }

    /// Starts the next process, unless one runs.
    func start() {
        guard process == nil, !cluster.isEnding else { return }
        processCount += 1
        let process = makeProcess("\(name).\(processCount)", number: processCount)
        self.process = process
        cluster.add(process)
        networkChanged()
        // Ends with the process.
        Task { await self.supervise(process) }
    }

    /// Starts another process after one that has ended by itself, as a service manager would.
    private func supervise(_ process: MachineProcess) async {
        await process.ended.value
        guard self.process === process, !process.isStopping else { return }
        self.process = nil
        await cluster.scheduler.wait(for: .seconds(1))
        start()
    }

    /// Ends the process from one moment to the next.
    func crash() {
        process?.crash()
        process = nil
    }

    /// Shuts the process down as an operator would; returns when it has ended.
    func shutDown() async {
        guard let process else { return }
        // Ends with the process, unless that crashes meanwhile.
        Task { await process.shutDown() }
        await process.ended.value
        if self.process === process { self.process = nil }
    }

    // MARK: - Faults

    /// Notes that something is wrong with it from now on.
    func fallIll() { health.begin() }

    /// Notes that one thing less is wrong with it.
    func recover() { health.end(at: cluster.scheduler.time) }

    /// Sets or removes a fault of its network.
    func setNetwork(_ state: NetworkState?, fault: Int) {
        networkFaults[fault] = state
        network = NetworkState()
        for state in networkFaults.values {
            network.loss = max(network.loss, state.loss)
            network.delay = 1...max(network.delay.upperBound, state.delay.upperBound)
        }
        networkChanged()
    }

    /// Passes the network's state on to the process.
    func networkChanged() {}
}

/// One process of a machine.
class MachineProcess: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread, as are the subclasses.
    let name: String
    let gate: ProcessGate
    /// Fulfilled when it has ended, in whatever way.
    let ended = AsyncPromise<Void>()
    /// When it started.
    let startedAt: Int64
    /// Whether it was killed.
    private(set) var isDead = false
    /// Whether it was asked to end.
    var isStopping = false
    private var suspensions = 0
    /// When it was last suspended, or resumed.
    private(set) var suspendedAt = Int64.min
    private let scheduler: Scheduler

    init(_ name: String, _ scheduler: Scheduler, _ gate: ProcessGate) {
        self.name = name
        self.scheduler = scheduler
        self.gate = gate
        startedAt = scheduler.time
    }

    func suspend() {
        suspensions += 1
        suspendedAt = scheduler.time
        gate.close()
    }

    func resume() {
        suspensions -= 1
        suspendedAt = scheduler.time
        if suspensions == 0, !isDead { gate.open() }
    }

    var isSuspended: Bool { suspensions > 0 }

    func crash() {
        isDead = true
        gate.close()
        ended.fulfill()
    }

    /// Whether it has ended, in whatever way.
    var hasEnded: Bool { ended.current != nil }

    /// Asks it to end.
    func shutDown() async {}

    /// Cancels what it runs: the simulation is over.
    func cancel() {}
}

/// How well a machine has been.
struct Health {
    private var open = 0
    private var lastEnd = Int64.min

    mutating func begin() { open += 1 }

    mutating func end(at time: Int64) {
        open -= 1
        lastEnd = time
    }

    /// Whether nothing has been wrong since `time`.
    func isSound(since time: Int64) -> Bool { open == 0 && lastEnd <= time }
}
