import HTTPTypes
import NIOCore
import XQueue

extension QueueAPI {
    /// `GET /metrics`. Whoever is limited to types gets the series of those, and none that are about all.
    func metricsText(_ request: APIRequest) async throws -> Reply {
        guard let metrics else { throw QueueError(.notFound, "this server keeps no metrics") }
        await manager.recordMetrics()
        process?.record()
        var headers = Reply.apiHeaders
        headers[.contentType] = PrometheusText.mediaType
        return Reply(
            status: .ok, headers: headers,
            body: ByteBuffer(string: metrics.text(ofTypes: request.caller.types)))
    }
}
