import HTTPTypes
import XQueue
import XQueueCore

extension QueueAPI {
    /// `POST /api/v1/tasks`
    func submit(_ request: APIRequest) async throws -> Reply {
        let body = try await JSONBody.text(of: request.request, limit: configuration.maxBodyBytes)
        let outcome = try await manager.submit(try SubmissionReader.submission(body))
        var writer = JSONWriter(capacity: 1024 + outcome.record.payload.text.utf8.count)
        writer.task(outcome.record)
        switch outcome {
        case .existing: return .json(.ok, writer)
        case .inserted(let record):
            return Reply.json(.created, writer).with(.location, "/api/v1/tasks/\(record.id)")
        }
    }

    /// `POST /api/v1/tasks/batch`
    func submitBatch(_ request: APIRequest) async throws -> Reply {
        let body = try await JSONBody.text(of: request.request, limit: configuration.maxBodyBytes)
        let submissions = try SubmissionReader.batch(body, limit: manager.configuration.maxBatch)
        let outcomes = try await manager.submit(submissions)
        var isAnyNew = false
        for case .inserted in outcomes { isAnyNew = true }
        var writer = JSONWriter(capacity: 1024 * outcomes.count + body.utf8.count)
        writer.object { writer in
            writer.name("tasks")
            writer.array(outcomes) { $0.task($1.record) }
            writer.member("count", outcomes.count)
        }
        return .json(isAnyNew ? .created : .ok, writer)
    }
}
