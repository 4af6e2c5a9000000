import XQueueCore
import XQueueTesting

extension ModelRun {
    mutating func insert() async throws {
        guard model.records.values.count(where: { $0.status == .pending }) < 80 else { return }
        var tasks = (0...random.below(4)).map { _ in scenario.newTask(at: now) }
        if random.chance(5), let again = tasks.first {
            tasks.append(again)
        }
        begin("insert \(tasks)")
        let outcomes = try await store.insert(tasks)
        try require(outcomes.atTheEnd, equals: model.insert(tasks, at: now).atTheEnd)
        try await compare()
    }

    mutating func claim() async throws {
        let request = scenario.claimRequest()
        begin("claim \(request)")
        let expected = model.claimable(request, at: now)
        let result = try await store.claim(request)
        // A store may stop before it has examined everything, if it says so.
        let wanted = result.hasMore ? Array(expected.prefix(result.tasks.count)) : expected
        try require(result.tasks, equals: wanted)
        for record in result.tasks { model.start(record, at: now) }
        claimed += result.tasks.count
        scenario.remember(result.tasks)
        try await compare(in: request)
    }

    mutating func settle() async throws {
        let settlements = (0...random.below(4)).map { _ in scenario.settlement(of: model) }
        begin("settle \(settlements)")
        let outcomes = try await store.settle(settlements)
        try require(outcomes, equals: model.settle(settlements, at: now))
        try await compare()
    }

    mutating func heartbeat() async throws {
        let attempts = (0...random.below(3)).map { _ in scenario.attempt(of: model) }
        let lease = Duration.seconds(1 + random.below(20))
        begin("heartbeat \(attempts) \(lease)")
        let outcomes = try await store.heartbeat(attempts, lease: lease)
        try require(outcomes, equals: model.heartbeat(attempts, lease: lease, at: now))
        try await compare()
    }

    mutating func report() async throws {
        let reports = (0...random.below(3)).map { _ in
            ProgressReport(attempt: scenario.attempt(of: model), progress: scenario.progress())
        }
        begin("report \(reports)")
        try await store.report(reports)
        model.report(reports, at: now)
        try await compare()
    }

    mutating func cancel() async throws {
        let ids = (0...random.below(3)).compactMap { _ in scenario.taskID(of: model) }
        let grace = Duration.seconds(random.below(5))
        begin("cancel \(ids) \(grace)")
        let outcomes = try await store.cancel(ids, grace: grace)
        // A cancel may unpark a task that the same call names again, so the results are compared without
        // distinguishing parked from ready.
        try require(
            outcomes.map(\.withoutParking),
            equals: model.cancel(ids, grace: grace, at: now).map(\.withoutParking))
        try await compare()
    }

    mutating func requeue() async throws {
        let ids = (0...random.below(4)).compactMap { _ in scenario.taskID(of: model) }
        begin("requeue \(ids)")
        let outcomes = try await store.requeue(ids)
        try require(
            outcomes.map(\.withoutParking),
            equals: model.requeue(ids, at: now).map(\.withoutParking))
        try await compare()
    }

    mutating func rewrite() async throws {
        guard let id = scenario.taskID(of: model), let record = model.records[id] else { return }
        let rewrite = scenario.rewrite(of: record, at: now)
        begin("rewrite \(rewrite)")
        let outcome = try await store.rewrite(rewrite)
        try require(outcome.withoutParking, equals: model.rewrite(rewrite, at: now).withoutParking)
        try await compare()
    }

    mutating func setLimit() async throws {
        let type = scenario.type()
        let limit = random.chance(60) ? nil : 1 + random.below(4)
        begin("limit of \(type): \(limit.map { "\($0)" } ?? "none")")
        try await store.setLimit(limit, ofType: type)
        model.limits[type] = limit
        try await compare()
    }

    mutating func setPaused() async throws {
        let type = scenario.type()
        let isPaused = random.chance(30)
        begin("\(isPaused ? "pause" : "resume") \(type)")
        try await store.setPaused(isPaused, type: type)
        if isPaused { model.paused.insert(type) } else { model.paused.remove(type) }
        try await compare()
    }

    mutating func removeTypes() async throws {
        let types = ModelScenario.types.filter { _ in random.chance(60) }
        let evenIfSet = random.chance(30)
        begin("remove types \(types), \(evenIfSet)")
        let removals = try await store.removeTypes(types, evenIfSet: evenIfSet)
        let expected = model.removeTypes(types, evenIfSet: evenIfSet)
        // A type that was never used may be unknown, or known without tasks and settings.
        try require(removals.map { $0 == .notFound ? .removed : $0 }, equals: expected)
        try await compare()
    }
}

extension [InsertOutcome] {
    /// With each existing task as it is after the whole batch, since a store may show it so.
    fileprivate var atTheEnd: [InsertOutcome] {
        let latest = reduce(into: [TaskID: TaskRecord]()) { records, outcome in
            let record = outcome.record
            if record.version >= records[record.id]?.version ?? 0 { records[record.id] = record }
        }
        return map { outcome in
            let record = latest[outcome.record.id] ?? outcome.record
            return switch outcome {
            case .inserted: outcome
            case .existing: .existing(record)
            case .replaced: .replaced(record)
            case .conflict: .conflict(record)
            }
        }
    }
}

extension ChangeOutcome {
    fileprivate var withoutParking: ChangeOutcome {
        switch self {
        case .changed(var record):
            if record.isParked { record.pendingReason = .ready }
            return .changed(record)
        case .rejected(let rejection, var record):
            if record?.isParked == true { record?.pendingReason = .ready }
            return .rejected(rejection, record)
        }
    }
}
