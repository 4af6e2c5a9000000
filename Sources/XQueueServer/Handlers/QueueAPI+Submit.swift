import HTTPTypes
import HummingbirdCore
import XQueue
import XQueueCore

extension QueueAPI {
    /// `POST /api/v1/tasks`
    func submit(_ request: APIRequest) async throws -> Reply {
        try budget.checkRoom()
        let (body, share) = try await submission(in: request)
        defer { withExtendedLifetime(share) {} }
        var submission = try SubmissionReader.submission(body)
        let caller = request.caller
        try caller.check(submission.type)
        submission = try caller.scoped(submission)
        submission.trace = request.trace
        try await checkIDs(of: [submission], caller)
        let outcome = try await access.submissionQuota.within(caller, [submission], manager) { [submission] in
            let outcome = try await manager.submit(submission)
            return (outcome, outcome.isNew ? 1 : 0)
        }
        try checkOwner(of: outcome, caller)
        return Self.reply(outcome, to: caller)
    }

    static func reply(_ outcome: SubmitOutcome, to caller: Caller) -> Reply {
        var writer = JSONWriter(capacity: 1024, isInPieces: true)
        writer.task(caller.seen(outcome.record), answers: outcome)
        switch outcome {
        case .existing, .replaced, .conflict: return .json(.ok, writer)
        case .inserted(let record): return .json(.created, writer).with(.location, place(of: record))
        case .logged(let record): return .json(.accepted, writer).with(.location, place(of: record))
        }
    }

    /// `POST /api/v1/tasks/batch`
    func submitBatch(_ request: APIRequest) async throws -> Reply {
        try budget.checkRoom()
        let (body, share) = try await submission(in: request)
        defer { withExtendedLifetime(share) {} }
        var submissions = try SubmissionReader.batch(body, limit: manager.configuration.maxBatch)
        let caller = request.caller
        for index in submissions.indices {
            try caller.check(submissions[index].type, field: "tasks[\(index)].type")
            do throws(QueueError) {
                submissions[index] = try caller.scoped(submissions[index])
            } catch {
                throw error.within("tasks", at: index)
            }
        }
        if let trace = request.trace {
            for index in submissions.indices { submissions[index].trace = trace }
        }
        try await checkIDs(of: submissions, caller, isBatch: true)
        let outcomes = try await access.submissionQuota.within(caller, submissions, manager) {
            [submissions] in
            let outcomes = try await manager.submit(submissions)
            return (outcomes, outcomes.count { $0.isNew })
        }
        for outcome in outcomes { try checkOwner(of: outcome, caller) }
        var status = HTTPResponse.Status.ok
        for outcome in outcomes {
            switch outcome {
            case .existing, .replaced, .conflict: break
            case .inserted: if status == .ok { status = .created }
            case .logged: status = .accepted
            }
        }
        let firstAbridged = outcomes.firstIndex { $0.record.isAbridged }
        var writer = JSONWriter(capacity: 1024 * outcomes.count, isInPieces: true)
        writer.object { writer in
            writer.name("tasks")
            writer.array(outcomes) { $0.task(caller.seen($1.record), answers: $1) }
            writer.member("count", outcomes.count)
            writer.member("has_more", firstAbridged != nil)
            writer.member("next", firstAbridged)
        }
        return .json(status, writer)
    }

    /// Rejects IDs of tasks the caller has no access to, before anything is submitted.
    ///
    /// - Throws: ``QueueError`` `id_taken`.
    private func checkIDs(
        of submissions: [TaskSubmission], _ caller: Caller, isBatch: Bool = false
    ) async throws(QueueError) {
        guard caller.types != nil else { return }
        for (index, submission) in submissions.enumerated() {
            guard let id = submission.id, let known = try await manager.task(id) else { continue }
            guard caller.canAccess(known.type) else {
                throw isBatch ? Self.idTaken(id).within("tasks", at: index) : Self.idTaken(id)
            }
        }
    }

    /// Checks again after the submission: another caller may have taken the ID in the meantime.
    private func checkOwner(of outcome: SubmitOutcome, _ caller: Caller) throws(QueueError) {
        guard caller.canAccess(outcome.record.type) else { throw Self.idTaken(outcome.record.id) }
    }

    private static func idTaken(_ id: TaskID) -> QueueError {
        QueueError(.idTaken, "task ID \(id) is already taken", field: "id")
    }

    private static func place(of record: TaskRecord) -> String { "/api/v1/tasks/\(record.id)" }
}

extension APIRequest {
    private static let traceParent = HTTPField.Name("traceparent")
    private static let traceState = HTTPField.Name("tracestate")

    /// The request's trace, if it has valid W3C Trace Context headers.
    fileprivate var trace: TraceContext? {
        guard let parent = header(Self.traceParent) else { return nil }
        return TraceContext(parent: parent, state: header(Self.traceState))
    }

    private func header(_ name: HTTPField.Name?) -> String? {
        name.flatMap { request.headers[$0] }
    }
}
