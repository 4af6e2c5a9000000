import Foundation
import HTTPTypes
import Testing
import XQueue
import XQueueCore
import XQueueTesting

@testable import XQueueServer

@Suite("GET /metrics") struct MetricsTests {
    private static let root = URL(filePath: #filePath).appending(path: "../../../..").standardized

    private static func read(_ file: String) throws -> String {
        try String(contentsOf: root.appending(path: file), encoding: .utf8)
    }

    @Test("Returns the metrics, without task IDs") func text() async throws {
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

    @Test("Attempts of remote workers are counted like all others") func remoteAttempts()
        async throws
    {
        try await TestAPI.run(metrics: PrometheusRegistry()) { api in
            for verb in ["complete", "fail", "release"] {
                _ = try await api.makeTask(type: verb, #","max_retry":0"#)
                let taken = try await api.post("/api/v1/leases", #"{"worker":"w","types":["\#(verb)"]}"#)
                let lease = try #require(taken.elements("leases").first?.string("lease"))
                api.clock.advance(by: .seconds(2))
                let body = verb == "fail" ? #"{"error":"no"}"# : "{}"
                #expect(try await api.post("/api/v1/leases/\(lease)/\(verb)", body).status == 200)
            }
            let lines = try await api.get("/metrics").text.split(separator: "\n").map(String.init)
            for line in [
                #"xqueue_attempts_started_total{type="complete"} 1"#,
                #"xqueue_attempts_finished_total{type="complete",outcome="success"} 1"#,
                #"xqueue_attempts_finished_total{type="fail",outcome="error"} 1"#,
                #"xqueue_attempts_finished_total{type="release",outcome="released"} 1"#,
                #"xqueue_tasks_finished_total{type="fail",status="failed"} 1"#,
                #"xqueue_run_seconds_sum{type="complete"} 2"#,
                #"xqueue_run_seconds_count{type="complete"} 1"#,
            ] {
                #expect(lines.contains(line), "\(line)")
            }
        }
    }

    @Test("A server without metrics replies 404") func none() async throws {
        try await TestAPI.run { api in
            try await api.get("/metrics").expectError(404, "not_found", says: "no metrics")
        }
    }

    @Test("Dashboard, alert rules and documentation name existing metrics") func names() throws {
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
