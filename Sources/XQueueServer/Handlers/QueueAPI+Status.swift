import HTTPTypes
import NIOCore
import XQueue
import XQueueCore

extension QueueAPI {
    /// `GET /api/v1`
    func hint() -> Reply {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("name", "xqueue")
            writer.member("version", configuration.version)
            writer.member("api", "/api/v1")
            writer.member("tasks", "/api/v1/tasks")
            writer.member("events", "/api/v1/events")
            writer.member("stats", "/api/v1/stats")
            writer.member("workers", "/api/v1/workers")
            writer.member("health", "/api/v1/health")
            writer.member("openapi", "/api/v1/openapi.json")
            writer.member("docs", "README.md")
        }
        return .json(.ok, writer)
    }

    /// `GET /api/v1/openapi.json`
    func openAPI() throws -> Reply {
        var headers = Reply.apiHeaders
        headers[.contentType] = "application/json; charset=utf-8"
        return Reply(
            status: .ok, headers: headers,
            body: try OpenAPIDocument(routes: Routes.all, version: configuration.version).json())
    }

    /// `GET /api/v1/stats`
    func statistics(_ request: APIRequest) async throws -> Reply {
        let statistics = try await manager.statistics().narrowed(to: request.caller)
        var writer = JSONWriter(capacity: 2048)
        writer.statistics(statistics, version: configuration.version, for: request.caller)
        return .json(.ok, writer)
    }

    /// `GET /metrics`. A caller limited to types gets only the series of those types.
    func metricsText(_ request: APIRequest) async throws -> Reply {
        guard let metrics else { throw QueueError(.notFound, "this server has no metrics") }
        await manager.recordMetrics()
        process?.record()
        var headers = Reply.apiHeaders
        headers[.contentType] = PrometheusText.mediaType
        let text = metrics.text(ofTypes: request.caller.types)
        return Reply(status: .ok, headers: headers, body: .pieces([.text(text)], count: text.utf8.count))
    }

    /// `GET /api/v1/workers`
    func workers(_ request: APIRequest) async throws -> Reply {
        let nodes = try await manager.nodes().filter { $0.isVisible(to: request.caller) }
        var writer = JSONWriter(capacity: 256 * (nodes.count + 1))
        writer.object { writer in
            writer.nodes(nodes, thisNode: manager.workerID, for: request.caller)
            writer.member("count", nodes.count)
        }
        return .json(.ok, writer)
    }

    /// `GET /api/v1/health`
    ///
    /// Callers without the scope `read` get only the overall status.
    func health(_ request: APIRequest) async -> Reply {
        let finding = await health.finding()
        let (problem, intake, isWell) = (finding.storeProblem, finding.intake, finding.isWell)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("status", Self.word(isWell))
            writer.member("timestamp", SystemQueueClock().now())
            guard request.caller.scopes.contains(.read) else { return }
            writer.member("version", configuration.version)
            writer.name("checks")
            writer.object { writer in
                writer.name("store")
                writer.object { writer in
                    writer.member("status", Self.word(problem == nil))
                    writer.member("name", manager.storeName)
                    if let problem { writer.member("error", problem.message) }
                    if let loss = manager.storeLoss { writer.member("data_lost_at", loss.noticedAt) }
                }
                if let intake {
                    writer.name("intake")
                    writer.object { writer in
                        writer.member("status", Self.word(intake.status.problem == nil))
                        writer.member("name", intake.name)
                        if let problem = intake.status.problem { writer.member("error", problem) }
                    }
                }
                let sinks = manager.sinkConditions()
                guard !sinks.isEmpty else { return }
                writer.name("sinks")
                writer.array(sinks) { $0.sinkCheck($1, isWhole: request.caller.types == nil) }
            }
        }
        guard !isWell else { return .json(.ok, writer) }
        let reply = Reply.json(.serviceUnavailable, writer)
        let code = problem?.code ?? .intakeUnavailable
        return ErrorReply.retryAfter(code).map { reply.with(.retryAfter, String($0)) } ?? reply
    }

    /// `GET /livez`: the process responds. Restarting it would not fix anything else.
    func isAlive() -> Reply { Self.probe(true) }

    /// `GET /readyz`: whether the server can serve requests, as far as known.
    func isReady() async -> Reply {
        let finding = await health.finding()
        return Self.probe(finding.isWell && !finding.isStopping)
    }

    private static func probe(_ isWell: Bool) -> Reply {
        var writer = JSONWriter(capacity: 32)
        writer.object { $0.member("status", word(isWell)) }
        return .json(isWell ? .ok : .serviceUnavailable, writer)
    }

    private static func word(_ isWell: Bool) -> String { isWell ? "ok" : "unavailable" }
}

extension QueueStatistics {
    /// Returns what a caller limited to types may see: those types, the nodes that serve them, and no keys.
    fileprivate func narrowed(to caller: Caller) -> QueueStatistics {
        guard caller.types != nil else { return self }
        var seen = self
        seen.store.types = store.types.filter { caller.canAccess($0.type) }
        seen.store.keys = []
        seen.store.keysInUse = 0
        seen.types = types.filter { caller.canAccess($0.state.type) }
        seen.nodes = nodes.filter { $0.isVisible(to: caller) }
        return seen
    }
}
