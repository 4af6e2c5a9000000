import HTTPTypes
import XQueue
import XQueueCore

/// What workers in other programs ask for, one lease at a time.
extension QueueAPI {
    /// `POST /api/v1/leases`
    func lease(_ request: APIRequest) async throws -> Reply {
        let body = try await JSONBody.text(of: request.request, limit: configuration.maxBodyBytes)
        let wanted = try LeaseReader.request(body)
        for (index, type) in wanted.worker.types.enumerated() {
            try request.caller.check(type, field: "types[\(index)]")
        }
        let poll = LeasePoll()
        DepartureWatch.watch(request.channel) { poll.leave() }
        connections.setAside()
        defer { connections.takeBack() }
        let tasks = try await manager.lease(wanted, poll: poll)
        let size = tasks.reduce(512) { $0 + 1024 + $1.payload.text.utf8.count }
        var writer = JSONWriter(capacity: size)
        writer.object { writer in
            writer.name("leases")
            writer.array(tasks) { $0.lease($1) }
            writer.member("count", tasks.count)
            writer.member("lease_duration", manager.configuration.leaseDuration)
            writer.member("heartbeat_interval", manager.remoteHeartbeat)
        }
        return .json(.ok, writer)
    }

    /// `PUT /api/v1/leases/{lease}`
    func extend(_ request: APIRequest) async throws -> Reply {
        let attempt = try attempt(request)
        try LeaseReader.nothing(try await members(of: request))
        return standing(attempt, try await manager.extend([attempt]).first)
    }

    /// `POST /api/v1/leases/{lease}/progress`
    func report(_ request: APIRequest) async throws -> Reply {
        let attempt = try attempt(request)
        let progress = try LeaseReader.progress(try await members(of: request))
        let report = ProgressReport(attempt: attempt, progress: progress)
        return standing(attempt, try await manager.report([report]).first)
    }

    /// `POST /api/v1/leases/{lease}/complete`, `…/fail` and `…/release`
    func end(_ request: APIRequest, _ read: LeaseReader.OutcomeReader) async throws -> Reply {
        let attempt = try attempt(request)
        let outcome = try read(try await members(of: request), limits)
        guard
            case .settled(let status, let version) = try await manager.end([LeaseEnd(attempt, outcome)]).first
        else { throw QueueError(.leaseLost, "lease \(attempt.leaseID) is no longer held") }
        var writer = JSONWriter(capacity: 256)
        writer.leaseEnd(attempt, status, version: version)
        return .json(.ok, writer)
    }

    /// `DELETE /api/v1/workers/{name}`
    func forgetWorker(_ request: APIRequest) async throws -> Reply {
        let name = request.parameters.first ?? ""
        guard try await manager.forgetWorker(name) else {
            let name = name.truncated(toBytes: ErrorReply.quotedBytes)
            throw QueueError(.notFound, "there is no remote worker \(name)")
        }
        var writer = JSONWriter()
        writer.object { $0.member("message", "worker forgotten") }
        return .json(.ok, writer)
    }

    var limits: LeaseReader.Limits {
        LeaseReader.Limits(resultBytes: manager.configuration.maxPayloadBytes)
    }

    private func standing(_ attempt: AttemptID, _ standing: LeaseStanding?) -> Reply {
        var writer = JSONWriter(capacity: 256)
        writer.standing(
            attempt, standing ?? .stop(.lost), duration: manager.configuration.leaseDuration)
        return .json(.ok, writer)
    }

    /// The lease the path names. What is not the name of a lease names none.
    private func attempt(_ request: APIRequest) throws(QueueError) -> AttemptID {
        let text = request.parameters.first ?? ""
        guard let attempt = AttemptID(leaseID: text) else {
            throw QueueError(
                .notFound, "there is no lease \(text.truncated(toBytes: ErrorReply.quotedBytes))")
        }
        return attempt
    }

    /// The members of the body; an empty body has none.
    private func members(of request: APIRequest) async throws -> [JSONMember] {
        guard
            let text = try await JSONBody.optionalText(
                of: request.request, limit: configuration.maxBodyBytes)
        else { return [] }
        return try LeaseReader.object(text)
    }
}
