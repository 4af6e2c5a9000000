import Foundation
import XQueueTestServers

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A `prometheus` process on the loopback interface that scrapes one server every second. It is stopped with this
/// object.
final class PrometheusServer: Sendable {
    let port: Int
    private let folder: ServerFolder
    private let program: RunningProgram

    /// Starts it and waits until it is ready.
    ///
    /// - Parameters:
    ///   - target: Host and port of the server whose `/metrics` are scraped.
    ///   - rules: A file of alert rules.
    init(scraping target: String, rules: String) async throws {
        folder = try ServerFolder()
        port = try FreePort.next()
        try folder.write(
            "prometheus.yml",
            """
            global: { scrape_interval: 1s, evaluation_interval: 1s }
            rule_files: ["\(rules)"]
            scrape_configs: [{ job_name: xqueue, static_configs: [{ targets: ["\(target)"] }] }]

            """)
        let program = try RunningProgram(
            program: URL(filePath: try ProgramFile.installed("prometheus")),
            [
                "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                "--web.listen-address=127.0.0.1:\(port)", "--log.level=warn",
            ], in: folder, name: "prometheus")
        self.program = program
        try await waiting(for: "prometheus is ready") {
            guard program.isRunning else { throw ProgramEnded(output: program.output) }
            return (try? await get("/-/ready"))?.status == 200
        }
    }

    /// Queries its HTTP API.
    func get(_ path: String, query: [String: String] = [:]) async throws -> (status: Int, body: Data) {
        var address = URLComponents()
        (address.scheme, address.host, address.port, address.path) = ("http", "127.0.0.1", port, path)
        address.queryItems = query.isEmpty ? nil : query.map { URLQueryItem(name: $0.key, value: $0.value) }
        guard let url = address.url else { throw URLError(.badURL) }
        return try await withCheckedThrowingContinuation { continuation in
            URLSession.shared.dataTask(with: url) { data, response, error in
                if let error { return continuation.resume(throwing: error) }
                let status = (response as? HTTPURLResponse)?.statusCode ?? 0
                continuation.resume(returning: (status, data ?? Data()))
            }.resume()
        }
    }
}
