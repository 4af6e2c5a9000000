import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers
import XQueueTesting

/// The program's metrics with a real Prometheus.
@Suite(.timeLimit(.minutes(5))) struct PrometheusTests {
    private static let deploy = URL(filePath: #filePath).appending(path: "../../../../deploy").standardized
    private static let rules = deploy.appending(path: "prometheus/alerts.yml").path

    /// Runs a command line that must succeed, and returns its output.
    @discardableResult
    private func shell(_ line: String, in folder: ServerFolder) async throws -> String {
        let program = try RunningProgram(
            program: URL(filePath: "/bin/sh"), ["-c", line], in: folder, name: "shell-\(folder.nextNumber())")
        let status = try await program.exitStatus()
        #expect(status == 0, "\(line): \(program.output)")
        return program.output
    }

    /// Makes tasks succeed, fail, get canceled, and wait.
    private func work(_ api: API) async throws {
        for _ in 0..<5 { _ = try await api.submit() }
        let bad = try await api.submit("example", #"{"fail_times":1}"#, #""max_retry":0"#)
        let key = #""concurrency_key":"k""#
        for _ in 0..<2 { _ = try await api.submit("example", #"{"duration_ms":60000}"#, key) }
        #expect(try await api.end(of: bad.id).status == .failed)
        let canceled = try await api.submit("nobody")
        _ = try await api.send("DELETE", "/tasks/\(canceled.id)")
        _ = try await api.submit("nobody")
    }

    @Test func everyMetricIsWellFormed() async throws {
        let folder = try ServerFolder()
        let server = try await ServerProcess(in: folder)
        try await work(API(server))
        let address = server.address.appending(path: "metrics").absoluteString
        try await shell("curl -sf \(address) > metrics.txt", in: folder)
        try await shell("promtool check metrics < metrics.txt", in: folder)
        let text = folder.read("metrics.txt")
        #expect(text.contains(#"xqueue_tasks_submitted_total{type="example"} 8"#))
        #expect(text.contains(#"xqueue_tasks_finished_total{type="example",status="failed"} 1"#))
        #expect(text.contains("xqueue_concurrency_tokens_held 1\n"))
    }

    @Test func theAlertRulesPassTheirTests() async throws {
        let folder = try ServerFolder()
        try await shell("promtool check rules '\(Self.rules)'", in: folder)
        let tests = Self.deploy.appending(path: "prometheus/alerts-test.yml").path
        try await shell("promtool test rules '\(tests)'", in: folder)
        try await shell(
            "promtool check config '\(Self.deploy.appending(path: "prometheus/prometheus.yml").path)'",
            in: folder)
    }

    @Test func everyPanelOfTheDashboardAndEveryRuleWorks() async throws {
        let broker = try MosquittoServer()
        try await broker.start()
        let server = try await ServerProcess(
            in: ServerFolder(), ["--mqtt-broker", "tcp://127.0.0.1:\(broker.port)"])
        let port = try #require(server.address.port)
        let prometheus = try await PrometheusServer(scraping: "127.0.0.1:\(port)", rules: Self.rules)
        try await work(API(server))
        let dashboard = try JSONDecoder().decode(
            Dashboard.self, from: Data(contentsOf: Self.deploy.appending(path: "grafana/xqueue.json")))
        let expressions = dashboard.panels.flatMap { $0.targets ?? [] }.map(\.expr)
        #expect(expressions.count > 40)
        for expression in expressions {
            let plain = expression.replacing("$job", with: "xqueue").replacing("$instance", with: ".*")
                .replacing("$type", with: ".*").replacing("$__rate_interval", with: "1m")
            // There is no log in front of the store here, and the store has not failed.
            let mayBeEmpty = ["xqueue_intake_", "xqueue_store_errors_total"].contains { plain.contains($0) }
            try await eventually("\(plain) has data") {
                let answer = try await prometheus.get(
                    "/api/v1/query", query: ["query": plain])
                let reply = try JSONDecoder().decode(QueryReply.self, from: answer.body)
                try #require(reply.status == "success", "\(plain): \(reply.error ?? "")")
                return mayBeEmpty || reply.data?.result.isEmpty == false
            }
        }
        try await eventually("every rule was evaluated") {
            let answer = try await prometheus.get("/api/v1/rules")
            let rules = try JSONDecoder().decode(RulesReply.self, from: answer.body).data.groups.flatMap(
                \.rules)
            #expect(rules.allSatisfy { $0.lastError == nil })
            return rules.count == 16 && rules.allSatisfy { $0.health == "ok" }
        }
    }

    private struct Dashboard: Decodable {
        struct Panel: Decodable { var targets: [Target]? }
        struct Target: Decodable { var expr: String }

        var panels: [Panel]
    }

    private struct QueryReply: Decodable {
        struct Answer: Decodable { var result: [Series] }
        struct Series: Decodable { var metric: [String: String] }

        var status: String
        var error: String?
        var data: Answer?
    }

    private struct RulesReply: Decodable {
        struct Groups: Decodable { var groups: [Group] }
        struct Group: Decodable { var rules: [Rule] }
        struct Rule: Decodable {
            var health: String
            var lastError: String?
        }

        var data: Groups
    }
}
