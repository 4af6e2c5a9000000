import CoreMetrics
import Logging
import Synchronization
import XQueueCore

/// Feeds this node's share of the log's tasks into the store, in order, each at least once.
///
/// The store identifies tasks by their identifier, so one that arrives twice, or that a submission has stored
/// already, stays one task. While the store accepts none, because it is full or unreachable, the log is held.
final class IntakeFeeder: Sendable {
    let intake: any TaskIntake
    let store: any Store
    let decoder: IntakeDecoder
    private let batch: IntakeBatch
    let records: QueueMetrics.Intake
    let context: EngineContext
    let storeTime: StoreTime
    private let storeWatch: StoreWatch
    private let inserted: @Sendable ([NewTask]) -> Void
    let state = Mutex(IntakeCounts())

    /// - Parameter inserted: Called with tasks that are new in the store.
    init(
        _ intake: any TaskIntake, store: any Store, configuration: QueueConfiguration,
        context: EngineContext, storeTime: StoreTime, storeWatch: StoreWatch,
        inserted: @escaping @Sendable ([NewTask]) -> Void
    ) {
        self.intake = intake
        self.store = store
        self.decoder = IntakeDecoder(configuration)
        self.batch = configuration.intakeBatch
        self.records = context.metrics.intake(intake.name)
        self.context = context.logging("intake", intake.name)
        self.storeTime = storeTime
        self.storeWatch = storeWatch
        self.inserted = inserted
    }

    var counts: IntakeCounts { state.withLock { $0 } }

    /// Runs until the Swift task is canceled; then gives up this node's share.
    func run() async {
        var backOff = context.backOff()
        var inHand: [IntakeRecord] = []
        while !Task.isCancelled {
            do {
                try await intake.open()
                try await feed(&inHand) { backOff.reset() }
            } catch {
                if Task.isCancelled { break }
                let isNew = state.withLock { state in
                    defer { state.problem = "\(error)" }
                    return state.problem == nil
                }
                // Logged prominently once, not for every retry.
                context.logger.log(
                    level: isNew ? .warning : .debug, "Could not read the intake log; retrying",
                    metadata: ["error": "\(error)"])
                guard await backOff.wait() else { break }
            }
        }
        // In a Swift task of its own, so that what was fed is committed even after a cancellation.
        await Task { await intake.leave() }.value
    }

    /// Reads and checks a batch while the previous one is being stored.
    ///
    /// - Parameter inHand: Records received but not finished. They are not received again, so they stay here if
    ///   this throws.
    private func feed(_ inHand: inout [IntakeRecord], _ received: () -> Void) async throws {
        // Left by an earlier failure.
        if !inHand.isEmpty {
            try await intake.hold()
            try await store(Fed(records: inHand, entries: try await check(inHand)))
            inHand = []
        }
        var current = Fed()
        while !Task.isCancelled {
            let fed = current
            async let stored: Void = store(fed)
            let next: Result<[IntakeRecord], IntakeError>
            do throws(IntakeError) {
                next = .success(try await intake.receive(limit: batch.size, waiting: batch.timeout))
            } catch {
                next = .failure(error)
            }
            let records = (try? next.get()) ?? []
            inHand += records
            let entries = await Result.of { try await check(records) }
            try await stored
            inHand.removeFirst(fed.records.count)
            _ = try next.get()
            current = Fed(records: records, entries: try entries.get())
            received()
            if state.withLock({ $0.problem.take() }) != nil {
                context.logger.info("Reading the intake log again")
            }
        }
        try await store(current)
        inHand = []
    }

    private func store(_ fed: Fed) async throws {
        guard !fed.records.isEmpty else { return }
        if !fed.entries.isEmpty { try await insert(fed.entries[...]) }
        count(fed: 0, known: fed.records.count { $0.isStored })
        try await intake.commit(fed.records)
    }

    /// Stores the tasks of all entries, retrying for as long as it takes.
    private func insert(_ entries: ArraySlice<IntakeEntry>) async throws {
        var backOff = context.backOff(longest: .seconds(1))
        while true {
            do throws(StoreError) {
                try await store(entries.map(\.task))
                return resume()
            } catch {
                switch error.code {
                case .closed: throw error
                case .backlogFull where entries.count > 1, .tooManyTypes where entries.count > 1:
                    // The store accepts all or none: halving finds those it accepts.
                    let middle = entries.startIndex + entries.count / 2
                    try await insert(entries[..<middle])
                    return try await insert(entries[middle...])
                case .tooManyTypes:
                    return try await reject(
                        entries.map { RejectedRecord($0.record, reason: error.message) })
                default: try await hold(error, &backOff)
                }
            }
        }
    }

    private func store(_ tasks: [NewTask]) async throws(StoreError) {
        let outcomes: [InsertOutcome]
        do throws(StoreError) {
            outcomes = try await store.insert(tasks)
        } catch {
            storeWatch.failed(error, at: context.clock.instant())
            throw error
        }
        storeWatch.worked()
        var new: [NewTask] = []
        var deduplicated = 0
        for (task, outcome) in zip(tasks, outcomes) {
            switch outcome {
            case .inserted: new.append(task)
            case .existing(let record) where record.id == task.id: break
            case .existing(let record), .replaced(let record), .conflict(let record):
                deduplicated += 1
                context.logger.debug(
                    "Task of the intake log deduplicated by its unique key",
                    metadata: ["task.id": "\(task.id)", "answered.by": "\(record.id)"])
            }
        }
        context.metrics.inserted(tasks, outcomes)
        count(fed: new.count, known: tasks.count - new.count - deduplicated, deduplicated: deduplicated)
        if !new.isEmpty { inserted(new) }
    }

    private func count(fed: Int, known: Int, deduplicated: Int = 0) {
        state.withLock { state in
            state.fed += fed
            state.known += known
            state.deduplicated += deduplicated
        }
        records.fed.increment(by: fed)
        records.known.increment(by: known)
        records.deduplicated.increment(by: deduplicated)
    }

    /// Notes that the store accepts tasks.
    func resume() {
        if state.withLock({ $0.isHeld.toFalse() }) {
            context.logger.info("Feeding tasks into the store again")
        }
    }

    /// Waits before the store is retried, and keeps this node's share meanwhile.
    func hold(_ error: StoreError, _ backOff: inout BackOff) async throws {
        let isNew = state.withLock { state in
            defer { state.isHeld = true }
            return !state.isHeld
        }
        if isNew {
            context.logger.warning(
                "The store accepts no tasks; holding the intake log until it does",
                metadata: ["error": "\(error.message)"])
        }
        guard await backOff.wait() else { throw CancellationError() }
        try await intake.hold()
    }
}

/// A batch of received records, and their tasks.
private struct Fed {
    var records: [IntakeRecord] = []
    var entries: [IntakeEntry] = []
}

extension Result where Failure == any Error {
    /// Captures what `body` returns or throws.
    fileprivate static func of(_ body: () async throws -> Success) async -> Self {
        do {
            return .success(try await body())
        } catch {
            return .failure(error)
        }
    }
}

extension Bool {
    /// Sets it to false. Returns the previous value.
    fileprivate mutating func toFalse() -> Bool {
        defer { self = false }
        return self
    }
}
