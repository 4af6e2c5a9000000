import HTTPTypes
import XQueue
import XQueueCore

/// What workers in other programs ask for, many leases at a time. Each lease has an answer of its own, in order.
extension QueueAPI {
    /// `PUT /api/v1/leases`
    func extendAll(_ request: APIRequest) async throws -> Reply {
        let batch = try await batch(request)
        for (index, lease) in batch.leases.enumerated() {
            try item(index) { () throws(QueueError) in try LeaseReader.nothing(lease.members) }
        }
        let attempts = batch.leases.map(\.attempt)
        let standings = try await withinReach(of: request.caller, attempts, \.self, lost: .stop(.lost)) {
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
        let standings = try await withinReach(of: request.caller, reports, \.attempt, lost: .stop(.lost)) {
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
        let outcomes = try await withinReach(of: request.caller, ends, \.attempt, lost: .refused(.leaseLost))
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

    private func reply(_ attempts: [AttemptID], _ standings: [LeaseStanding]) -> Reply {
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
            try await see(worker)
        }
        return batch
    }

    /// Takes notice of a worker, if there is room for it: what it says of its leases counts all the same.
    private func see(_ worker: RemoteWorker) async throws(QueueError) {
        do throws(QueueError) {
            try await manager.see(worker)
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
