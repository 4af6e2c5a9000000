import XQueueCore

/// One randomised run: what the store and the model have been through so far.
struct ModelRun {
    private(set) var store: any Store
    let clock: ManualClock
    let seed: UInt64
    var model = StoreModel()
    var scenario: ModelScenario
    private(set) var stepNumber = 0
    private(set) var operation = ""
    /// How many tasks were claimed in all.
    var claimed = 0
    var told = ToldStates()

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
        case 75..<78: try await requeue()
        case 78..<87: try await passTime()
        case 87: try await setClock()
        case 88..<91: try await prune()
        case 91..<93: try await setLimit()
        case 93..<95: try await setPaused()
        case 95..<96: try await removeTypes()
        case 96..<98: try await query()
        default: try await statistics()
        }
    }

    /// The queue moves to an empty store, and the run goes on there.
    mutating func move(to target: any Store) async throws {
        begin("move")
        let adoptions = try await store.copyAll(to: target, pageSize: 7)
        try demand(adoptions.allSatisfy { $0 == .adopted }, "answered \(adoptions)")
        await store.close()
        store = target
        // The log begins anew.
        told.cursor = try await target.lastEvent()
        try await compare()
    }

    // MARK: - Judging

    mutating func begin(_ operation: String) {
        self.operation = operation
    }

    func demand(_ isRight: Bool, _ detail: @autoclosure () -> String) throws {
        guard !isRight else { return }
        throw ModelMismatch(seed: seed, step: stepNumber, operation: operation, detail: detail())
    }

    func demand<Value: Equatable>(_ answer: Value, equals expected: Value) throws {
        try demand(answer == expected, "answered \(answer), expected \(expected)")
    }

    /// Demands that the store holds exactly what the model does, and keeps the rules of parking.
    mutating func compare(in request: ClaimRequest? = nil) async throws {
        let stored = try await allRecords()
        let change = model.adopt(stored)
        for record in stored {
            guard let expected = model.records[record.id] else {
                return try demand(false, "the store holds \(record.id), which should not be there")
            }
            try demand(record == expected, ModelMismatch.difference(record, expected))
        }
        try demand(
            stored.count == model.records.count,
            "the store holds \(stored.count) tasks, expected \(model.records.count)")
        try await followLog(to: stored)
        if let fault = model.parkingFault(of: change, in: request) { try demand(false, fault) }
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

/// The store and its model disagree: where, and in what.
struct ModelMismatch: Error, CustomStringConvertible {
    let seed: UInt64
    let step: Int
    let operation: String
    let detail: String

    var description: String {
        "step \(step), \(operation): \(detail). Run it again with XQUEUE_SEED=\(seed)."
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
