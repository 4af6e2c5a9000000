import XQueue
import XQueueCore

/// A machine that runs a remote worker.
final class RemoteMachine: Machine, @unchecked Sendable {
    override func makeProcess(_ name: String, number: Int) -> MachineProcess {
        let process = RemoteProcess(name, self)
        process.run()
        return process
    }
}

/// One process of a remote worker: leases tasks from any node, runs them, and reports to any node.
final class RemoteProcess: MachineProcess, @unchecked Sendable {
    /// How many tasks it runs at once.
    static let capacity = 2

    private unowned let machine: RemoteMachine
    private unowned let cluster: Cluster
    private let dice: Dice
    private let worker: RemoteWorker
    private var running = 0

    init(_ name: String, _ machine: RemoteMachine) {
        self.machine = machine
        cluster = machine.cluster
        dice = Dice(seed: cluster.plan.orderSeed, "remote \(name)")
        worker = RemoteWorker(name: name, types: [Plan.remoteType, Plan.nodeTypes[0]])
        super.init(name, cluster.scheduler, ProcessGate(cluster.scheduler))
    }

    private var time: Int64 { cluster.scheduler.time }

    override func shutDown() async { isStopping = true }

    override func cancel() { isStopping = true }

    /// Works until it is shut down.
    func run() {
        // Ends by itself after `shutDown()`; a crashed one stays suspended until the end of the simulation.
        Task {
            await work()
            ended.fulfill()
        }
    }

    private func work() async {
        while !isStopping {
            if running < Self.capacity { await lease() }
            await gate.wait(for: dice.milliseconds(10...200))
        }
        while running > 0 { await gate.wait(for: .milliseconds(100)) }
        _ = try? await call { [name] in try await $0.manager.deregisterWorker(name) }
    }

    private func lease() async {
        let request = LeaseRequest(worker: worker, maxTasks: Self.capacity - running, wait: .seconds(3))
        let poll = LeasePoll()
        let askedAt = time
        let tasks = try? await call(within: .seconds(6), abandoned: { poll.abandon() }) {
            try await $0.manager.lease(request, poll: poll).tasks
        }
        for record in tasks ?? [] {
            running += 1
            // Ends with its attempt.
            Task {
                await self.attempt(record, askedAt: askedAt)
                self.running -= 1
            }
        }
    }

    private func call<Value: Sendable>(
        within patience: Duration = .milliseconds(1500), abandoned: @escaping @Sendable () -> Void = {},
        _ body: @escaping @Sendable (NodeProcess) async throws -> Value
    ) async throws -> Value {
        try await cluster.request(
            over: machine.network, into: gate, dice, within: patience, abandoned: abandoned, body)
    }

    // MARK: - Attempts

    private func attempt(_ record: TaskRecord, askedAt: Int64) async {
        guard let lease = record.lease, let number = Int(record.payload.text),
            let planned = cluster.plan.tasks.first(where: { $0.number == number })
        else { return }
        let id = AttemptID(taskID: record.id, token: lease.token)
        let entry = cluster.diary.begin(planned, of: record.id, in: self)
        cluster.witness.started(entry, attempt: record.attempt, marked: record.metadata)
        let reason = await perform(entry.work, id, askedAt: askedAt)
        if let reason { cluster.diary.stopped(entry, reason) }
        cluster.diary.end(entry)
        guard let end = end(of: entry, reason) else { return }
        for _ in 0..<20 where !cluster.isEnding {
            do {
                _ = try await call { try await $0.manager.end([LeaseEnd(id, end)]) }
                return
            } catch let error as QueueError where !error.isTransient {
                return
            } catch {
                await gate.wait(for: .milliseconds(300))
            }
        }
    }

    /// Runs until the work is done, or the attempt is to stop: returns why.
    private func perform(_ work: PlannedWork, _ id: AttemptID, askedAt: Int64) async -> StopReason? {
        let lease = NodeProcess.configuration("").leaseDuration.simulated
        var leaseEndsAt = askedAt + lease
        let doneAt = work.end == .stop ? Int64.max : time + work.duration.simulated
        while time < doneAt {
            await gate.wait(for: .nanoseconds(min(doneAt - time, 600_000_000)))
            guard time < doneAt, !cluster.isEnding else { return nil }
            if isStopping, !work.isDeaf { return .shutdown }
            let askedAt = time
            if let standing = try? await call({ try await $0.manager.extend([id]) }).first {
                if case .stop(let reason) = standing, !work.isDeaf { return reason }
                if standing == .held { leaseEndsAt = askedAt + lease }
            }
            if time > leaseEndsAt, !work.isDeaf { return .leaseLost }
        }
        return nil
    }

    private func end(of entry: DiaryEntry, _ reason: StopReason?) -> AttemptEnd? {
        switch reason {
        case .leaseLost: return nil
        case .shutdown: return .release(.zero)
        case .canceled, .timedOut: return .failure(AttemptFailure("stopped"))
        case nil: break
        }
        switch entry.work.end {
        case .success: return .success(RawJSON(trusted: "\(entry.number)"))
        case .failure: return .failure(AttemptFailure("planned"))
        case .permanentFailure: return .failure(AttemptFailure("planned", isPermanent: true))
        case .snooze: return .snooze(.milliseconds(500))
        case .stop: return .release(.zero)
        }
    }
}
