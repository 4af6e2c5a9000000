import HTTPTypes
import HummingbirdCore
import XQueue
import XQueueCore

/// Requests of remote workers, for one lease at a time.
extension QueueAPI {
    /// `POST /api/v1/leases`
    func lease(_ request: APIRequest) async throws -> Reply {
        let body = try await body(of: request, repairing: true)
        var wanted = try LeaseReader.request(body)
        let caller = request.caller
        try checkTypes(of: wanted.worker, caller)
        wanted.worker.owner = caller.workerOwner
        try access.ledger.acquire(.poll, caller)
        defer { access.ledger.release(.poll, caller) }
        let poll = LeasePoll(budget: budget.bytes)
        DepartureWatch.watch(request.channel) { poll.abandon() }
        connections.setAside(request.channel)
        defer { connections.takeBack(request.channel) }
        let answer = try await access.whileHolding(caller, request.request.head, end: { poll.abandon() }) {
            [wanted] in try await manager.lease(wanted, poll: poll)
        }
        var writer = JSONWriter(capacity: 512 + 1024 * answer.tasks.count, isInPieces: true)
        writer.object { writer in
            writer.name("leases")
            writer.array(answer.tasks) { $0.lease(caller.seen($1)) }
            writer.member("count", answer.tasks.count)
            writer.member("has_more", answer.hasMore)
            writer.member("lease_duration", manager.configuration.leaseDuration)
            writer.member("heartbeat_interval", manager.remoteHeartbeat)
        }
        let reply = Reply.json(.ok, writer)
        return answer.share.map { reply.holding($0) } ?? reply
    }

    /// `PUT /api/v1/leases/{lease}`
    func extend(_ request: APIRequest) async throws -> Reply {
        let attempt = try attempt(request)
        try LeaseReader.nothing(try await members(of: request))
        let standings = try await withinReach(of: request.caller, [attempt], \.self, lost: .stop(.leaseLost))
        {
            try await manager.extend($0)
        }
        return standing(attempt, standings.first)
    }

    /// `POST /api/v1/leases/{lease}/progress`
    func report(_ request: APIRequest) async throws -> Reply {
        let attempt = try attempt(request)
        let progress = try LeaseReader.progress(try await members(of: request, repairing: true))
        let report = ProgressReport(attempt: attempt, progress: progress)
        let standings = try await withinReach(
            of: request.caller, [report], \.attempt, lost: .stop(.leaseLost)
        ) {
            try await manager.report($0)
        }
        return standing(attempt, standings.first)
    }

    /// `POST /api/v1/leases/{lease}/complete`, `…/fail` and `…/release`
    func end(_ request: APIRequest, _ ending: LeaseReader.Ending) async throws -> Reply {
        let attempt = try attempt(request)
        let members = try await members(of: request, repairing: ending.isRepaired)
        let outcome = try LeaseReader.outcome(ending, members, limits)
        let outcomes = try await withinReach(
            of: request.caller, [LeaseEnd(attempt, outcome)], \.attempt, lost: .rejected(.leaseLost)
        ) {
            try await manager.end($0)
        }
        guard case .settled(let status, let version) = outcomes.first else {
            throw QueueError(.leaseLost, "lease \(attempt.leaseID) is no longer held")
        }
        var writer = JSONWriter(capacity: 256)
        writer.leaseEnd(attempt, status, version: version)
        return .json(.ok, writer)
    }

    /// `DELETE /api/v1/workers/{name}`
    func deregisterWorker(_ request: APIRequest) async throws -> Reply {
        let name = request.parameters.first ?? ""
        guard try await manager.deregisterWorker(name, by: request.caller.workerOwner) else {
            let name = name.truncated(toBytes: ErrorReply.quotedBytes)
            throw QueueError(.notFound, "no such remote worker: \(name)")
        }
        var writer = JSONWriter()
        writer.object { $0.member("message", "worker deregistered") }
        return .json(.ok, writer)
    }

    /// - Throws: ``QueueError`` if the worker serves types that the caller has no access to.
    func checkTypes(of worker: RemoteWorker, _ caller: Caller) throws(QueueError) {
        for (index, type) in worker.types.enumerated() {
            try caller.check(type, field: "types[\(index)]")
        }
    }

    var limits: LeaseReader.Limits {
        LeaseReader.Limits(resultBytes: manager.configuration.maxPayloadBytes)
    }

    /// Returns the results of `body` for the items whose leases are for the caller's types, and `lost` for the others,
    /// in order.
    func withinReach<Item, Result>(
        of caller: Caller, _ items: [Item], _ attempt: KeyPath<Item, AttemptID>, lost: Result,
        _ body: ([Item]) async throws -> [Result]
    ) async throws -> [Result] {
        guard caller.types != nil else { return try await body(items) }
        let types = try await manager.types(of: items.map { $0[keyPath: attempt] })
        let isWithin = items.map { types[$0[keyPath: attempt]].map(caller.canAccess) ?? false }
        var results = try await body(zip(items, isWithin).filter(\.1).map(\.0)).makeIterator()
        return isWithin.map { $0 ? results.next() ?? lost : lost }
    }

    private func standing(_ attempt: AttemptID, _ standing: AttemptStanding?) -> Reply {
        var writer = JSONWriter(capacity: 256)
        writer.standing(
            attempt, standing ?? .stop(.leaseLost), duration: manager.configuration.leaseDuration)
        return .json(.ok, writer)
    }

    /// The lease named by the path; a malformed lease ID is `not_found`, too.
    private func attempt(_ request: APIRequest) throws(QueueError) -> AttemptID {
        let text = request.parameters.first ?? ""
        guard let attempt = AttemptID(leaseID: text) else {
            throw QueueError(
                .notFound, "no such lease: \(text.truncated(toBytes: ErrorReply.quotedBytes))")
        }
        return attempt
    }

    /// The members of the body; an empty body has none.
    private func members(of request: APIRequest, repairing: Bool = false) async throws -> [JSONMember] {
        guard
            let text = try await JSONBody.optionalText(
                of: request.request, limit: configuration.maxBodyBytes, repairing: repairing,
                budget: budget.bytes)
        else { return [] }
        return try FieldReader.body(text)
    }
}

/// Requests of remote workers, for many leases at a time. Each lease has a result of its own, in order.
extension QueueAPI {
    /// `PUT /api/v1/leases`
    func extendAll(_ request: APIRequest) async throws -> Reply {
        let batch = try await batch(request)
        for (index, lease) in batch.leases.enumerated() {
            try item(index) { () throws(QueueError) in try LeaseReader.nothing(lease.members) }
        }
        let attempts = batch.leases.map(\.attempt)
        let standings = try await withinReach(of: request.caller, attempts, \.self, lost: .stop(.leaseLost)) {
            try await manager.extend($0)
        }
        return reply(attempts, standings)
    }

    /// `POST /api/v1/leases/progress`
    func reportAll(_ request: APIRequest) async throws -> Reply {
        let batch = try await batch(request)
        var reports: [ProgressReport] = []
        for (index, lease) in batch.leases.enumerated() {
            let progress = try item(index) { () throws(QueueError) in try LeaseReader.progress(lease.members)
            }
            reports.append(ProgressReport(attempt: lease.attempt, progress: progress))
        }
        let standings = try await withinReach(of: request.caller, reports, \.attempt, lost: .stop(.leaseLost))
        {
            try await manager.report($0)
        }
        return reply(reports.map(\.attempt), standings)
    }

    /// `POST /api/v1/leases/complete`, `…/fail` and `…/release`
    func endAll(_ request: APIRequest, _ ending: LeaseReader.Ending) async throws -> Reply {
        let batch = try await batch(request, repairing: ending.isRepaired)
        let limits = limits
        var ends: [LeaseEnd] = []
        for (index, lease) in batch.leases.enumerated() {
            let outcome = try item(index) { () throws(QueueError) in
                try LeaseReader.outcome(ending, lease.members, limits)
            }
            ends.append(LeaseEnd(lease.attempt, outcome))
        }
        let outcomes = try await withinReach(of: request.caller, ends, \.attempt, lost: .rejected(.leaseLost))
        {
            try await manager.end($0)
        }
        var writer = JSONWriter(capacity: 128 * (ends.count + 1))
        var lost = 0
        writer.object { writer in
            writer.name("leases")
            writer.array(zip(ends, outcomes)) { writer, pair in
                if case .settled(let status, let version) = pair.1 {
                    writer.leaseEnd(pair.0.attempt, status, version: version)
                } else {
                    lost += 1
                    writer.leaseLost(pair.0.attempt)
                }
            }
            writer.member("count", ends.count)
            writer.member("lost", lost)
        }
        return .json(.ok, writer)
    }

    private func reply(_ attempts: [AttemptID], _ standings: [AttemptStanding]) -> Reply {
        let duration = manager.configuration.leaseDuration
        var writer = JSONWriter(capacity: 128 * (attempts.count + 1))
        writer.object { writer in
            writer.name("leases")
            writer.array(zip(attempts, standings)) { $0.standing($1.0, $1.1, duration: duration) }
            writer.member("count", attempts.count)
        }
        return .json(.ok, writer)
    }

    private func batch(
        _ request: APIRequest, repairing: Bool = true
    ) async throws -> LeaseReader.Batch {
        let body = try await body(of: request, repairing: repairing)
        let batch = try LeaseReader.batch(body, limit: manager.configuration.maxBatch)
        if var worker = batch.worker {
            try checkTypes(of: worker, request.caller)
            worker.owner = request.caller.workerOwner
            try await note(worker)
        }
        return batch
    }

    /// Notes a sign of life from a worker. If it cannot be registered, its leases are processed anyway.
    private func note(_ worker: RemoteWorker) async throws(QueueError) {
        do throws(QueueError) {
            try await manager.noteContact(worker)
        } catch {
            switch error.code {
            case .workerNameTaken, .quotaExceeded, .tooManyWorkers: return
            default: throw error
            }
        }
    }

    private func item<Value>(
        _ index: Int, _ body: () throws(QueueError) -> Value
    ) throws(QueueError) -> Value {
        do throws(QueueError) {
            return try body()
        } catch {
            throw error.within("leases", at: index)
        }
    }
}
