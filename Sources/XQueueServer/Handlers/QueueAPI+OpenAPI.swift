import HTTPTypes
import NIOCore

extension QueueAPI {
    /// `GET /api/v1/openapi.json`
    func openAPI() throws -> Reply {
        var headers = Reply.apiHeaders
        headers[.contentType] = "application/json; charset=utf-8"
        return Reply(
            status: .ok, headers: headers,
            body: try OpenAPIDocument(routes: Routes.all, version: configuration.version).json())
    }
}
