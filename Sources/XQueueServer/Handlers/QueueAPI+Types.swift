import HTTPTypes
import XQueue
import XQueueCore

extension QueueAPI {
    /// `GET /api/v1/types`
    func types(_ request: APIRequest) async throws -> Reply {
        let types = try await manager.types().filter { request.caller.mayTouch($0.state.type) }
        var writer = JSONWriter()
        writer.object { $0.types(types) }
        return .json(.ok, writer)
    }

    /// `POST /api/v1/types/{type}/pause` and `…/resume`
    func setPaused(_ paused: Bool, _ request: APIRequest) async throws -> Reply {
        let type = request.parameters.first ?? ""
        try request.caller.check(type)
        if paused { try await manager.pause(type) } else { try await manager.resume(type) }
        return try await reply(for: type)
    }

    /// `PUT /api/v1/types/{type}/limit`
    func setLimit(_ request: APIRequest) async throws -> Reply {
        let type = request.parameters.first ?? ""
        try request.caller.check(type)
        let body = try await body(of: request)
        try await manager.setLimit(try LimitReader.limit(body), of: type)
        return try await reply(for: type)
    }

    private func reply(for type: String) async throws -> Reply {
        let report = try await manager.types().first { $0.state.type == type }
        var writer = JSONWriter()
        writer.type(report?.state ?? TypeState(type: type), hasHandler: report?.hasHandler ?? false)
        return .json(.ok, writer)
    }
}
