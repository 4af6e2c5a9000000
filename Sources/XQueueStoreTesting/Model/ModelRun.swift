import XQueueCore
import XQueueTesting

/// One randomized run: the state of the store and of the model so far.
struct ModelRun {
    private(set) var store: any Store
    let clock: ManualClock
    let seed: UInt64
    var model = StoreModel()
    var scenario: ModelScenario
    private(set) var stepNumber = 0
    private(set) var operation = ""
    /// Total number of claimed tasks.
    var claimed = 0
    var logged = LoggedStates()

    init(store: any Store, clock: ManualClock, seed: UInt64) {
        self.store = store
        self.clock = clock
        self.seed = seed
        scenario = ModelScenario(seed: seed, clock: clock)
    }

    var now: Timestamp { clock.now() }
    var random: SeededRandomSource { scenario.random }

    mutating func step() async throws {
        stepNumber += 1
        switch random.below(100) {
        case 0..<20: try await insert()
        case 20..<42: try await claim()
        case 42..<62: try await settle()
        case 62..<67: try await heartbeat()
        case 67..<71: try await report()
        case 71..<75: try await cancel()
        case 75..<77: try await requeue()
        case 77..<80: try await rewrite()
        case 80..<87: try await advanceTime()
        case 87: try await setClock()
        case 88..<91: try await prune()
        case 91..<93: try await setLimit()
        case 93..<95: try await setPaused()
        case 95..<96: try await removeTypes()
        case 96: try await query()
        case 97: try await schedule()
        default: try await statistics()
        }
    }

    /// Moves the queue to an empty store, where the run continues.
    mutating func move(to target: any Store) async throws {
        begin("move")
        let adoptions = try await store.copyAll(to: target, pageSize: 7)
        try require(adoptions.allSatisfy { $0 == .adopted }, "got \(adoptions)")
        for schedule in model.schedulesByName {
            var copy = schedule
            copy.version = 0
            _ = try await target.save(copy)
            model.schedules[copy.name]?.version = 1
        }
        model.uniqueKeys.removeExpired(at: now)
        await store.close()
        store = target
        // The target has a log of its own.
        logged.cursor = try await target.lastEvent()
        try await compare()
    }

    // MARK: - Checks

    mutating func begin(_ operation: String) {
        self.operation = operation
    }

    func require(_ condition: Bool, _ detail: @autoclosure () -> String) throws {
        guard !condition else { return }
        throw ModelMismatch(seed: seed, step: stepNumber, operation: operation, detail: detail())
    }

    func require<Value: Equatable>(_ answer: Value, equals expected: Value) throws {
        try require(answer == expected, "got \(answer), expected \(expected)")
    }

    /// Requires that the store has exactly the model's records, and follows the rules of parking.
    mutating func compare(in request: ClaimRequest? = nil) async throws {
        let stored = try await allRecords()
        let change = model.adopt(stored)
        for record in stored {
            guard let expected = model.records[record.id] else {
                return try require(false, "the store has an unexpected task \(record.id)")
            }
            try require(record == expected, ModelMismatch.difference(record, expected))
        }
        try require(
            stored.count == model.records.count,
            "the store has \(stored.count) tasks, expected \(model.records.count)")
        try await followLog(to: stored)
        if let error = model.parkingError(of: change, in: request) { try require(false, error) }
    }

    func allRecords() async throws -> [TaskRecord] {
        var all: [TaskRecord] = []
        var query = TaskQuery(limit: 1000)
        repeat {
            let page = try await store.tasks(query)
            all += page.tasks
            query.after = page.next
        } while query.after != nil
        return all
    }
}

/// A difference between the store and its model.
struct ModelMismatch: Error, CustomStringConvertible {
    let seed: UInt64
    let step: Int
    let operation: String
    let detail: String

    var description: String {
        "step \(step), \(operation): \(detail). To repeat, set XQUEUE_SEED=\(seed)."
    }

    /// The fields in which two records differ.
    static func difference(_ stored: TaskRecord, _ expected: TaskRecord) -> String {
        let pairs = zip(Mirror(reflecting: stored).children, Mirror(reflecting: expected).children)
        let fields = pairs.compactMap { mine, other -> String? in
            let (got, want) = ("\(mine.value)", "\(other.value)")
            return got == want ? nil : "\(mine.label ?? "?") is \(got), expected \(want)"
        }
        return "\(stored.id): " + fields.joined(separator: "; ")
    }
}
