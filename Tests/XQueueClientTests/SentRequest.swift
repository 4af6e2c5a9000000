import Testing
import XQueueClient
import XQueueTestServers

/// A request of the client as a server gets it.
struct SentRequest {
    let line: String
    /// The header `If-Match`.
    let version: String?
    let body: String

    private init(_ call: ScriptedService.Call) {
        let parts = call.text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let head = (parts.first ?? "").split(separator: "\r\n")
        line = head.first.map(String.init) ?? ""
        version = head.first { $0.lowercased().hasPrefix("if-match:") }
            .map { String($0.drop { $0 != "\"" }) }
        body = parts.count > 1 ? String(parts[1]) : ""
    }

    /// Calls a server that answers everything with `answer`; returns the last request it got.
    static func last(
        _ answer: String, status: String = "200 OK", _ body: @Sendable (QueueClient) async throws -> Void
    ) async throws -> SentRequest {
        let service = try await ScriptedService.start { _ in [ScriptedService.answer(status, body: answer)] }
        try await QueueClient.with(.init(url: "http://127.0.0.1:\(service.port)"), body)
        return SentRequest(try #require(service.calls.last))
    }
}
