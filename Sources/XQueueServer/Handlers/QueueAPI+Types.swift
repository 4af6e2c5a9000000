import HTTPTypes
import XQueue
import XQueueCore

extension QueueAPI {
    /// `GET /api/v1/types`
    func types(_ request: APIRequest) async throws -> Reply {
        let types = try await manager.types().filter { request.caller.canAccess($0.state.type) }
        var writer = JSONWriter()
        writer.object { $0.types(types) }
        return .json(.ok, writer)
    }

    /// `POST /api/v1/types/{type}/pause`
    func pause(_ request: APIRequest) async throws -> Reply {
        let type = try type(request)
        try await manager.pause(type, create: try request.query.flag("create"))
        return try await reply(for: type)
    }

    /// `POST /api/v1/types/{type}/resume`
    func resume(_ request: APIRequest) async throws -> Reply {
        let type = try type(request)
        try await manager.resume(type)
        return try await reply(for: type)
    }

    /// `PUT /api/v1/types/{type}/limit`
    func setLimit(_ request: APIRequest) async throws -> Reply {
        let type = try type(request)
        let create = try request.query.flag("create")
        let body = try await body(of: request)
        try await manager.setLimit(try LimitReader.limit(body), of: type, create: create)
        return try await reply(for: type)
    }

    /// `DELETE /api/v1/types/{type}`
    func deleteType(_ request: APIRequest) async throws -> Reply {
        try await manager.deleteType(try type(request))
        var writer = JSONWriter()
        writer.object { $0.member("message", "type deleted") }
        return .json(.ok, writer)
    }

    /// The type named by the path, if the caller has access to it.
    private func type(_ request: APIRequest) throws(QueueError) -> String {
        let type = request.parameters.first ?? ""
        try request.caller.check(type)
        return type
    }

    private func reply(for type: String) async throws -> Reply {
        let report = try await manager.types().first { $0.state.type == type }
        var writer = JSONWriter()
        writer.type(report?.state ?? TypeState(type: type), hasHandler: report?.hasHandler ?? false)
        return .json(.ok, writer)
    }
}

/// Reads the limit of a type: `{"max_concurrency":5}`; null = no limit.
enum LimitReader {
    static func limit(_ text: String) throws(QueueError) -> Int? {
        let members = try FieldReader.body(text)
        let fields = FieldReader()
        if let other = members.first(where: { $0.name != "max_concurrency" }) { throw fields.unknown(other) }
        guard !members.isEmpty else { throw .invalid("max_concurrency", "is required; null means no limit") }
        var limit: Int?
        try fields.each(of: members) { member throws(QueueError) in
            if member.value.kind != .null { limit = try fields.integer(member) }
        }
        return limit
    }
}
