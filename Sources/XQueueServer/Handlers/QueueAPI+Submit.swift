import HTTPTypes
import HummingbirdCore
import XQueue
import XQueueCore

extension QueueAPI {
    /// `POST /api/v1/tasks`
    func submit(_ request: APIRequest) async throws -> Reply {
        try budget.checkRoom()
        let body = try await body(of: request)
        var submission = try SubmissionReader.submission(body)
        try request.caller.check(submission.type)
        submission.trace = request.trace
        let outcome = try await manager.submit(submission)
        guard request.caller.mayTouch(outcome.record.type) else {
            throw QueueError(
                .uniqueKeyTaken, "an unfinished task of a type the token is not for has this key",
                field: "unique_key")
        }
        var writer = JSONWriter(capacity: 1024 + outcome.record.payload.text.utf8.count)
        writer.task(outcome.record)
        switch outcome {
        case .existing: return .json(.ok, writer)
        case .inserted(let record): return .json(.created, writer).with(.location, Self.place(of: record))
        case .logged(let record): return .json(.accepted, writer).with(.location, Self.place(of: record))
        }
    }

    /// `POST /api/v1/tasks/batch`
    func submitBatch(_ request: APIRequest) async throws -> Reply {
        try budget.checkRoom()
        let body = try await body(of: request)
        var submissions = try SubmissionReader.batch(body, limit: manager.configuration.maxBatch)
        for (index, submission) in submissions.enumerated() {
            try request.caller.check(submission.type, field: "tasks[\(index)].type")
        }
        if let trace = request.trace {
            for index in submissions.indices { submissions[index].trace = trace }
        }
        let outcomes = try await manager.submit(submissions)
        var status = HTTPResponse.Status.ok
        for outcome in outcomes {
            switch outcome {
            case .existing: break
            case .inserted: if status == .ok { status = .created }
            case .logged: status = .accepted
            }
        }
        let firstAbridged = outcomes.firstIndex { $0.record.isAbridged }
        var writer = JSONWriter(capacity: 1024 * outcomes.count + body.utf8.count)
        writer.object { writer in
            writer.name("tasks")
            writer.array(outcomes) { $0.task(request.caller.seen($1.record)) }
            writer.member("count", outcomes.count)
            writer.member("has_more", firstAbridged != nil)
            writer.member("next", firstAbridged)
        }
        return .json(status, writer)
    }

    private static func place(of record: TaskRecord) -> String { "/api/v1/tasks/\(record.id)" }
}

extension APIRequest {
    private static let traceParent = HTTPField.Name("traceparent")
    private static let traceState = HTTPField.Name("tracestate")

    /// The trace the request belongs to, if its headers say so as W3C Trace Context has it.
    fileprivate var trace: TraceContext? {
        guard let parent = header(Self.traceParent) else { return nil }
        return TraceContext(parent: parent, state: header(Self.traceState))
    }

    private func header(_ name: HTTPField.Name?) -> String? {
        name.flatMap { request.headers[$0] }
    }
}
