#if Redis

public import XQueueCore
import XQueueStoreKit

extension RedisStore {
    public func claim(_ request: ClaimRequest) async throws(StoreError) -> ClaimResult {
        try await within { () async throws(StoreError) in
            let reply = try await caller.change(.claim, capacity: 64 * request.shares.count) { command in
                command.append(request.grant.token.rawValue)
                command.append(request.grant.lease.wholeMilliseconds)
                command.append(request.grant.grace.wholeMilliseconds)
                command.append(request.birth ?? "")
                command.append(request.maxBytes)
                command.append(request.grant.isRemote ? 1 : 0)
                var last: ClaimShare?
                for share in request.shares {
                    command.append(share.workerID)
                    command.append(share.count)
                    if let last, last.types == share.types {
                        command.append(-1)
                    } else {
                        command.append(share.types.count)
                        for type in share.types { command.append(type) }
                    }
                    last = share
                }
            }
            let elements = Array(reply.rest)
            let more = try elements.first?.integer
            guard more != 2 else {
                throw StoreError(.replaced, "the queue in Redis was replaced")
            }
            guard elements.count % 4 == 1 else {
                throw StoreError(.corrupt, "unexpected reply from Redis to claim")
            }
            let hasMore = more == 1
            var tasks: [TaskRecord] = []
            tasks.reserveCapacity(elements.count / 4)
            var turn = ClaimTurn(request)
            for at in stride(from: 1, to: elements.count - 3, by: 4) {
                var record = try TaskRecord(
                    id: elements[at], definition: elements[at + 1], state: elements[at + 2],
                    result: .null, errors: elements[at + 3])
                guard let share = turn.next(record.type) else {
                    throw StoreError(.corrupt, "unexpected reply from Redis to claim")
                }
                if record.status == .pending {
                    try record.claim(request.grant(tasks.count, to: share), at: reply.now)
                }
                tasks.append(record)
            }
            return ClaimResult(tasks: tasks, hasMore: hasMore)
        }
    }

    public func heartbeat(
        _ attempts: [AttemptID], lease: Duration
    ) async throws(StoreError) -> [HeartbeatOutcome] {
        guard !attempts.isEmpty else { return [] }
        return try await within { () async throws(StoreError) in
            let reply = try await caller.change(.heartbeat, capacity: 80 * attempts.count) { command in
                command.append(lease.wholeMilliseconds)
                for attempt in attempts {
                    command.append(attempt.taskID)
                    command.append(attempt.token.rawValue)
                }
            }
            var outcomes: [HeartbeatOutcome] = []
            guard reply.rest.count == attempts.count else {
                throw StoreError(.corrupt, "unexpected reply from Redis to heartbeat")
            }
            for element in reply.rest {
                switch HeartbeatCode(rawValue: try element.int) {
                case .held: outcomes.append(.held)
                case .stop: outcomes.append(.cancelRequested)
                case .lost: outcomes.append(.lost)
                case nil: throw StoreError(.corrupt, "unexpected reply from Redis to heartbeat")
                }
            }
            return outcomes
        }
    }

    public func report(_ progress: [ProgressReport]) async throws(StoreError) {
        guard !progress.isEmpty else { return }
        try await within { () async throws(StoreError) in
            _ = try await caller.change(.report, capacity: 128 * progress.count) { command in
                for report in progress {
                    command.append(report.attempt.taskID)
                    command.append(report.attempt.token.rawValue)
                    command.append("\(report.progress.percent)")
                    command.append(report.progress.marked)
                }
            }
        }
    }

    public func cancel(_ ids: [TaskID], grace: Duration) async throws(StoreError) -> [ChangeOutcome] {
        let outcomes = try await change(ids, by: .cancel) { $0.append(grace.wholeMilliseconds) }
        for case .changed(let record) in outcomes where record.status == .processing {
            hub.send(.cancelRequested(record.id))
        }
        return outcomes
    }

    public func requeue(_ ids: [TaskID]) async throws(StoreError) -> [ChangeOutcome] {
        try await change(ids, by: .requeue) { _ in }
    }

    public func rewrite(_ rewrite: TaskRewrite) async throws(StoreError) -> ChangeOutcome {
        let definition = try StoredDefinition.pack(rewrite.definition)
        return try await within { () async throws(StoreError) in
            let reply = try await caller.change(.rewrite, capacity: 128 + definition.count) { command in
                command.append(rewrite.id)
                command.append(rewrite.version)
                command.append(rewrite.schedule.map { StoredDefinition.schedule($0) } ?? "=")
                command.append(definition)
            }
            guard let outcome = try Self.outcomes(reply.rest).first else {
                throw StoreError(.corrupt, "unexpected reply from Redis to rewrite")
            }
            return outcome
        }
    }

    private func change(
        _ ids: [TaskID], by script: RedisScript, _ arguments: (inout RedisCommand) -> Void
    ) async throws(StoreError) -> [ChangeOutcome] {
        guard !ids.isEmpty else { return [] }
        return try await within { () async throws(StoreError) in
            let reply = try await caller.change(script, capacity: 48 * ids.count) { command in
                arguments(&command)
                for id in ids { command.append(id) }
            }
            let outcomes = try Self.outcomes(reply.rest)
            guard outcomes.count == ids.count else {
                throw StoreError(.corrupt, "unexpected reply from Redis to \(script.rawValue)")
            }
            return outcomes
        }
    }

    /// The outcomes in a script's reply: a code and a record for each.
    private static func outcomes(_ elements: some Sequence<RedisReply>) throws(StoreError) -> [ChangeOutcome]
    {
        var outcomes: [ChangeOutcome] = []
        for (code, record) in Array(elements).pairs {
            let record = try record.record
            if let rejection = TransitionRejection(code: try code.int) {
                outcomes.append(.rejected(rejection, record))
            } else if let record {
                outcomes.append(.changed(record))
            }
        }
        return outcomes
    }

    public func setLimit(_ limit: Int?, ofType type: String) async throws(StoreError) {
        try await set(type, "limit", limit ?? 0)
    }

    public func setPaused(_ paused: Bool, type: String) async throws(StoreError) {
        try await set(type, "paused", paused ? 1 : 0)
    }

    private func set(_ type: String, _ what: String, _ value: Int) async throws(StoreError) {
        try await within { () async throws(StoreError) in
            let reply = try await caller.change(.setType) { command in
                command.append(type)
                command.append(limits.maxTypes)
                command.append(what)
                command.append(value)
            }
            if try reply.rest.first?.int == ReplyCode.tooManyTypes.rawValue {
                throw StoreError(
                    .tooManyTypes,
                    "there are \(limits.maxTypes) task types; the limit is \(limits.maxTypes)")
            }
        }
    }

    public func removeTypes(
        _ types: [String], evenIfSet: Bool
    ) async throws(StoreError) -> [TypeRemoval] {
        guard !types.isEmpty else { return [] }
        return try await within { () async throws(StoreError) in
            let reply = try await caller.run(.removeTypes, capacity: 64 * types.count) { command in
                command.append(evenIfSet ? 1 : 0)
                for type in types { command.append(type) }
            }
            let removals = try reply.elements.map { element throws(StoreError) in
                TypeRemoval(code: try element.int)
            }
            guard removals.count == types.count, !removals.contains(nil) else {
                throw StoreError(.corrupt, "unexpected reply from Redis to remove-types")
            }
            return removals.compactMap(\.self)
        }
    }

    // MARK: Maintenance

    /// Maximum number of tasks per step of maintenance. A step blocks the server for a few milliseconds.
    private static let maxTasksPerStep = 200

    public func sweep(
        limit: Int, draw: SweepDraw, within time: @escaping @Sendable () -> Duration
    ) async throws(StoreError) -> SweepResult {
        try await within { () async throws(StoreError) in
            var changed = 0
            // Read before calling `time`; the script compares the deadline with Redis' clock again.
            var shown = try await storeTime()
            while true {
                let end = shown + time()
                let step = min(limit - changed, Self.maxTasksPerStep)
                let reply = try await caller.change(.sweep) { command in
                    command.append(step)
                    command.append("\(draw.base)")
                    command.append(draw.isSpread ? 1 : 0)
                    command.append(end.milliseconds)
                }
                shown = reply.now
                let answers = Array(reply.rest)
                guard answers.count == 3, case let swept = try answers[0].int, 0...step ~= swept else {
                    throw StoreError(.corrupt, "unexpected reply from Redis to sweep")
                }
                changed += swept
                if swept < step || changed >= limit {
                    let next = try answers[1].time
                    let wait = next.milliseconds < 0 ? nil : max(next - reply.now, .zero)
                    let schedule = try answers[2].time
                    return SweepResult(
                        changed: changed, nextDueIn: wait,
                        nextScheduleIn: schedule.milliseconds < 0 ? nil : max(schedule - reply.now, .zero))
                }
            }
        }
    }

    public func prune(_ retention: Retention, limit: Int) async throws(StoreError) -> Int {
        try await within { () async throws(StoreError) in
            var removed = 0
            while removed < limit {
                let step = min(limit - removed, Self.maxTasksPerStep)
                let reply = try await caller.change(.prune) { command in
                    command.append(retention.age.wholeMilliseconds)
                    command.append(retention.count)
                    command.append(step)
                    command.append(limits.events.age.wholeMilliseconds)
                }
                guard let pruned = try reply.rest.first?.int, 0...step ~= pruned else {
                    throw StoreError(.corrupt, "unexpected reply from Redis to prune")
                }
                removed += pruned
                if pruned < step { break }
            }
            return removed
        }
    }
}

extension TaskRecord {
    /// Applies the claim to a task that had no stored state, as the script did.
    fileprivate mutating func claim(_ grant: ClaimGrant, at now: Timestamp) throws(StoreError) {
        var machine = TaskStateMachine(self)
        do throws(TransitionRejection) {
            try machine.apply(.claim(grant), at: now)
        } catch {
            throw StoreError(.corrupt, "unexpected reply from Redis to claim: task \(id): \(error)")
        }
        self = machine.record
    }
}

#endif
