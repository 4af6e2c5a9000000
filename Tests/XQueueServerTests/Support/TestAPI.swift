import CoreMetrics
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueStoreTesting
import XQueueTesting

@testable import XQueueServer

/// The API with its own SQLite store and a stopped clock.
struct TestAPI {
    let store: FaultyStore
    let manager: TaskManager
    let clock: ManualClock
    let client: any TestClientProtocol

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body`, with requests passed directly to the routes.
    static func run(
        limits: StoreLimits = StoreLimits(),
        configuration: ServerConfiguration = ServerConfiguration(),
        queue: QueueConfiguration = QueueConfiguration(),
        metrics: PrometheusRegistry? = nil,
        logControl: LogControl? = nil,
        logger: Logger = TestAPI.logger,
        routes: [Route] = Routes.all,
        _ body: @Sendable (TestAPI) async throws -> Void
    ) async throws {
        try await withStore(limits: limits) { store, clock in
            try await over(
                store, clock: clock, configuration: configuration, queue: queue, routes: routes,
                metrics: metrics, logControl: logControl, logger: logger, body)
        }
    }

    /// Runs `body`, with requests passed directly to the routes of another node on `store`.
    static func over(
        _ store: FaultyStore, clock: ManualClock, configuration: ServerConfiguration = ServerConfiguration(),
        queue: QueueConfiguration = QueueConfiguration(), routes: [Route] = Routes.all,
        metrics: PrometheusRegistry? = nil, logControl: LogControl? = nil, logger: Logger = TestAPI.logger,
        _ body: @Sendable (TestAPI) async throws -> Void
    ) async throws {
        // Generous, for loaded machines; tests of the timeout itself set another.
        var configuration = configuration
        if configuration.healthPatience == ServerConfiguration().healthPatience {
            configuration.healthPatience = .seconds(30)
        }
        let manager = TaskManager(
            store: store, configuration: queue, logger: logger,
            metrics: metrics ?? NOOPMetricsHandler.instance, clock: clock)
        let server = QueueServer(
            manager: manager, configuration: configuration, logger: logger, metrics: metrics,
            logControl: logControl)
        try await server.application(routes: routes).test(.router) { client in
            try await body(TestAPI(store: store, manager: manager, clock: clock, client: client))
        }
    }

    /// Runs `body` with a store in a temporary folder.
    static func withStore(
        limits: StoreLimits = StoreLimits(),
        _ body: (FaultyStore, ManualClock) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "xqueue-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let clock = ManualClock()
        let store = FaultyStore(
            try SQLiteStore(path: folder.appending(path: "queue.db").path, limits: limits, clock: clock))
        do {
            try await body(store, clock)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }

    // MARK: - Requests

    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: ByteBuffer? = nil, headers: HTTPFields = [:]
    ) async throws -> APIReply {
        APIReply(try await client.execute(uri: path, method: method, headers: headers, body: body))
    }

    func get(_ path: String) async throws -> APIReply {
        try await send(.get, path)
    }

    func post(_ path: String, _ body: String? = nil) async throws -> APIReply {
        try await send(
            .post, path, body.map { ByteBuffer(string: $0) },
            headers: body == nil ? [:] : [.contentType: "application/json"])
    }

    func put(_ path: String, _ body: String) async throws -> APIReply {
        try await send(
            .put, path, ByteBuffer(string: body), headers: [.contentType: "application/json"])
    }

    /// Edits a task.
    func edit(
        _ id: some CustomStringConvertible, _ patch: String, ifMatch version: String? = nil
    ) async throws -> APIReply {
        var headers: HTTPFields = [.contentType: "application/json"]
        headers[.ifMatch] = version
        return try await send(.patch, "/api/v1/tasks/\(id)", ByteBuffer(string: patch), headers: headers)
    }

    func submit(_ body: String) async throws -> APIReply {
        try await post("/api/v1/tasks", body)
    }

    func submitBatch(_ body: String) async throws -> APIReply {
        try await post("/api/v1/tasks/batch", body)
    }

    // MARK: - Worker actions

    /// Submits a task of `type` and returns its ID.
    func makeTask(type: String = "a", _ members: String = "") async throws -> TaskID {
        let reply = try await submit(#"{"type":"\#(type)"\#(members)}"#)
        guard let id = reply.string("id").flatMap({ TaskID($0) }) else { throw Unexpected(reply.text) }
        return id
    }

    /// Claims the best task of `type`.
    func claim(type: String = "a") async throws -> AttemptID {
        let grant = ClaimGrant(
            token: LeaseToken(rawValue: 7), workerID: "worker-1", lease: .seconds(90), grace: .seconds(30))
        let claimed = try await store.claim(ClaimRequest(types: [type], count: 1, grant: grant))
        guard let task = claimed.tasks.first, let lease = task.lease else { throw Unexpected("no task") }
        return AttemptID(taskID: task.id, token: lease.token)
    }

    func settle(_ attempt: AttemptID, _ outcome: AttemptOutcome) async throws {
        _ = try await store.settle([Settlement(attempt: attempt, outcome: outcome)])
    }
}

struct Unexpected: Error {
    let what: String

    init(_ what: String) {
        self.what = what
    }
}
