import Foundation
import HTTPTypes
import Testing
import XQueue
import XQueueCore

@testable import XQueueServer

@Suite("GET /metrics") struct MetricsTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    private static func read(_ file: String) throws -> String {
        try String(contentsOf: root.appending(path: file), encoding: .utf8)
    }

    @Test("Answers what is measured, and no task by its identifier") func text() async throws {
        try await TestAPI.run(metrics: PrometheusRegistry()) { api in
            let id = try await api.makeTask(type: "resize")
            _ = try await api.get("/api/v1/tasks/\(id)")
            _ = try await api.get("/api/v1/nothing")
            let reply = try await api.get("/metrics")
            #expect(reply.status == 200)
            #expect(reply.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            let lines = reply.text.split(separator: "\n").map(String.init)
            for line in [
                #"xqueue_tasks_submitted_total{type="resize"} 1"#,
                #"xqueue_tasks{type="resize",status="pending"} 1"#,
                #"xqueue_http_requests_total{route="GET /api/v1/tasks/{id}",code="2xx"} 1"#,
                #"xqueue_http_requests_total{route="none",code="4xx"} 1"#,
                "# TYPE process_cpu_seconds_total counter", "xqueue_store_up 1",
            ] {
                #expect(lines.contains(line), "\(line)")
            }
            #expect(!reply.text.contains(id.description))
        }
    }

    @Test("A server that keeps none says so") func none() async throws {
        try await TestAPI.run { api in
            try await api.get("/metrics").expectError(404, "not_found", says: "no metrics")
        }
    }

    @Test("Dashboard, alert rules and document name metrics that there are") func names() throws {
        let known = Set(
            MetricName.allCases.map(\.rawValue) + ["xqueue_metrics_series", "xqueue_metrics_refused_total"])
        let pattern = try Regex(#"\b(?:xqueue|process)_[a-z_]+\b"#)
        for file in ["deploy/grafana/xqueue.json", "deploy/prometheus/alerts.yml"] {
            let names = try Self.read(file).matches(of: pattern).map { String($0.output[0].substring ?? "") }
            #expect(names.count > 10)
            for name in names {
                let base = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) && !known.contains(name) }
                #expect(known.contains(String(name.dropLast(base?.count ?? 0))), "\(name) in \(file)")
            }
        }
        let document = try Self.read("docs/observability.md")
        for name in known { #expect(document.contains("`\(name)`"), "\(name) is not in the document") }
    }
}
