import HTTPTypes
import XQueue
import XQueueCore

extension QueueAPI {
    /// `GET /metrics`. Whoever is limited to types gets the series of those, and none that are about all.
    func metricsText(_ request: APIRequest) async throws -> Reply {
        guard let metrics else { throw QueueError(.notFound, "this server keeps no metrics") }
        await manager.recordMetrics()
        process?.record()
        var headers = Reply.apiHeaders
        headers[.contentType] = PrometheusText.mediaType
        let text = metrics.text(ofTypes: request.caller.types)
        return Reply(status: .ok, headers: headers, body: .pieces([.text(text)], count: text.utf8.count))
    }
}
