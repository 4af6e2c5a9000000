import XQueueCore
import XQueueTesting

/// Draws the operations of a randomized run: few names and short times, so that conflicts are frequent.
struct ModelScenario {
    let random: SeededRandomSource
    private let ids: TaskIDGenerator
    /// Whether all tasks of a key have the same limit, as is usual.
    private let hasUniformLimits: Bool
    private var nextToken: Int64 = 1
    /// By how much the clock has been set in total.
    private var clockError = Duration.zero
    /// Attempts that were handed out, current or not.
    private(set) var attempts: [AttemptID] = []

    static let types = ["a", "b", "c", "d"]

    init(seed: UInt64, clock: ManualClock) {
        random = SeededRandomSource(seed: seed)
        ids = TaskIDGenerator(clock: clock, random: SeededRandomSource(seed: ~seed))
        hasUniformLimits = seed % 2 == 0
    }

    mutating func remember(_ claimed: [TaskRecord]) {
        attempts += claimed.compactMap { record in
            record.lease.map { AttemptID(taskID: record.id, token: $0.token) }
        }
        if attempts.count > 40 { attempts.removeFirst(attempts.count - 40) }
    }

    // MARK: - Arguments of verbs

    func newTask(at now: Timestamp) -> NewTask {
        var task = NewTask(
            id: ids.next(), type: type(), payload: RawJSON(trusted: "[\(random.below(1000))]"),
            schedule: schedule(at: now)
        ) { task in
            task.priority = Int32(random.below(4)) - 1
            task.maxRetry = random.below(4)
            task.queueTimeout = random.chance(40) ? .seconds(1 + random.below(20)) : nil
            task.processTimeout = random.chance(40) ? .seconds(1 + random.below(10)) : nil
            task.concurrency = random.chance(60) ? concurrency() : nil
            if random.chance(20) { task.metadata = RawJSON(trusted: #"{"m":\#(random.below(3))}"#) }
            task.unique = random.chance(25) ? uniqueRule() : nil
            task.retryPolicy = policy()
        }
        if task.unique != nil { task.onConflict = conflict() }
        return task
    }

    private func uniqueRule() -> UniqueRule {
        var rule = UniqueRule(key: "u\(random.below(6))")
        guard random.chance(50) else { return rule }
        rule.until = random.pick(UniqueRule.Until.allCases) ?? .done
        if rule.until != .started, rule.until == .window || random.chance(50) {
            rule.window = .seconds(1 + random.below(20))
        }
        rule.isAcrossTypes = random.chance(30)
        return rule
    }

    private func conflict() -> UniqueConflict {
        switch random.below(8) {
        case 0: .reject
        case 1: .replace
        case 2, 3: .rerun
        case 4:
            .debounce(
                .init(
                    wait: .milliseconds(random.below(4000)),
                    maxWait: .milliseconds(4000 + random.below(8000)),
                    keepsFirst: random.chance(30)))
        default: .returnExisting
        }
    }

    /// Some fields become those of another task.
    func rewrite(of record: TaskRecord, at now: Timestamp) -> TaskRewrite {
        let other = newTask(at: now)
        var definition = record.definition
        definition.payload = other.payload
        if random.chance(50) { definition.priority = other.priority }
        if random.chance(50) { definition.concurrency = other.concurrency }
        if random.chance(50) { definition.unique = other.unique }
        if random.chance(50) { definition.queueTimeout = other.queueTimeout }
        if random.chance(50) { definition.metadata = other.metadata }
        return TaskRewrite(
            id: record.id, version: record.version - (random.chance(10) ? 1 : 0), definition: definition,
            schedule: random.chance(40) ? other.schedule : nil)
    }

    private func concurrency() -> ConcurrencyLimit {
        let index = random.below(4)
        return ConcurrencyLimit(
            key: "k\(index)", limit: hasUniformLimits ? index + 1 : 1 + random.below(4))
    }

    private func policy() -> RetryPolicy {
        RetryPolicy(
            strategy: random.pick(RetryPolicy.Strategy.allCases) ?? .fixed,
            delay: .milliseconds(random.below(3000)), maxDelay: .seconds(5),
            jitter: Double(random.below(5)) / 4)
    }

    private func schedule(at now: Timestamp) -> NewTask.Schedule {
        switch random.below(10) {
        case 0: .after(.milliseconds(random.below(8000)))
        case 1: .at(now + .milliseconds(random.below(8000) - 3000))
        default: .now
        }
    }

    func type() -> String { random.pick(Self.types) ?? "a" }

    mutating func claimRequest() -> ClaimRequest {
        nextToken += 1000
        let shares = (0...(random.chance(30) ? random.below(4) : 0)).map { _ in
            ClaimShare(
                workerID: "w\(random.below(3))",
                types: random.chance(50) ? Self.types : Self.types.filter { _ in random.chance(50) },
                count: 1 + random.below(6))
        }
        return ClaimRequest(
            shares,
            grant: ClaimGrant(
                token: LeaseToken(rawValue: nextToken), workerID: shares[0].workerID,
                isRemote: nextToken.isMultiple(of: 3),
                lease: .seconds(1 + random.below(15)), grace: .seconds(random.below(4))))
    }

    /// Usually an attempt that was handed out; occasionally one that never was.
    func attempt(of model: StoreModel) -> AttemptID {
        let token = LeaseToken(rawValue: 1 + Int64(random.below(50)))
        if random.chance(3) { return AttemptID(taskID: ids.next(), token: token) }
        if random.chance(5), let id = taskID(of: model) { return AttemptID(taskID: id, token: token) }
        return random.pick(attempts) ?? AttemptID(taskID: ids.next(), token: token)
    }

    func settlement(of model: StoreModel) -> Settlement {
        Settlement(
            attempt: attempt(of: model), outcome: outcome(),
            progress: random.chance(20) ? progress() : nil)
    }

    private func outcome() -> AttemptOutcome {
        switch random.below(10) {
        case 0: .snooze(.milliseconds(random.below(4000)))
        case 1: .release
        case 2...4: .failure(failure(), draw: random.draw())
        default: .success(random.chance(50) ? RawJSON(trusted: "{\"n\": \(random.below(99))}") : nil)
        }
    }

    private func failure() -> AttemptFailure {
        AttemptFailure(
            "failure \(random.below(100))", kind: random.chance(10) ? .timeout : .error,
            isPermanent: random.chance(15),
            retryAfter: random.chance(15) ? .milliseconds(random.below(2000)) : nil)
    }

    func progress() -> TaskProgress {
        TaskProgress(
            percent: Double(random.below(1001)) / 10,
            message: random.chance(50) ? "at \(random.below(9))" : nil)
    }

    func taskID(of model: StoreModel) -> TaskID? {
        // Sorted, because a dictionary's order differs between runs.
        random.chance(3) ? ids.next() : random.pick(model.records.keys.sorted())
    }

    func query(of model: StoreModel) -> TaskQuery {
        var query = TaskQuery(
            statuses: Set(TaskStatus.allCases.filter { _ in random.chance(30) }),
            types: random.chance(40) ? Set((0...random.below(2)).map { _ in type() }) : [],
            concurrencyKey: random.chance(30) ? "k\(random.below(5))" : nil,
            limit: 1 + random.below(20), offset: random.chance(50) ? random.below(15) : 0)
        if random.chance(50) { query.after = taskID(of: model).map { TaskCursor(last: $0) } }
        if random.chance(20) { query.concurrencyKeys["k\(random.below(5))"] = [type()] }
        return query
    }

    /// Forward as often as back, so that the clock stays close to the real time.
    mutating func clockStep() -> Duration {
        if random.chance(50), clockError != .zero {
            defer { clockError = .zero }
            return .zero - clockError
        }
        let seconds = random.pick([1, 30, 3600, 86_400 * 366]) ?? 30
        let step = Duration.seconds(random.chance(50) ? seconds : -seconds)
        clockError += step
        return step
    }

    func pause() -> Duration {
        let steps: [Duration] = [
            .milliseconds(1), .milliseconds(130), .seconds(1), .seconds(4), .seconds(15),
        ]
        return random.pick(steps) ?? .seconds(1)
    }
}
