import HTTPTypes
import NIOCore

extension QueueAPI {
    /// `GET /api/v1/openapi.json`
    func openAPI() throws -> Reply {
        Reply(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: try OpenAPIDocument(routes: Routes.all, version: configuration.version).json())
    }
}
