import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing
import XQueue
import XQueueCore
import XQueueSQLite
import XQueueTesting

@testable import XQueueHandlers

/// A web service on a free port, and a queue that sends it the tasks of the type `hook`.
struct WebhookService: Sendable {
    /// What the service was asked.
    struct Call: Sendable {
        let headers: HTTPFields
        let body: String
    }

    /// What it answers; nil means never.
    struct Answer: Sendable {
        var status = HTTPResponse.Status.ok
        var headers: HTTPFields = [:]
        var body = ""
    }

    let manager: TaskManager
    let calls: Shared<[Call]>
    /// How many clients left before they had their answer.
    let departures: Shared<Int>

    /// A lock that can be passed around.
    final class Shared<Value: Sendable>: Sendable {
        private let state: Mutex<Value>

        init(_ value: Value) {
            state = Mutex(value)
        }

        var value: Value { state.withLock { $0 } }

        func change<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result {
            state.withLock { body(&$0) }
        }
    }

    static func run(
        answer: @escaping @Sendable (Call) -> Answer?,
        change: (inout Webhook) -> Void = { _ in },
        _ body: @Sendable (WebhookService) async throws -> Void
    ) async throws {
        let calls = Shared<[Call]>([])
        let departures = Shared(0)
        let ports = AsyncStream<Int>.makeStream()
        let service = service(calls, departures, answer) { ports.continuation.yield($0) }
        let client = WebhookClient(maxConnections: 100)
        try await withThrowingTaskGroup { group in
            group.addTask {
                try? await ServiceGroup(services: [service], logger: quiet).run()
            }
            guard let port = await ports.stream.first(where: { _ in true }) else { throw CancellationError() }
            var webhook = Webhook(url: "http://127.0.0.1:\(port)/tasks?key=hidden")
            change(&webhook)
            var configuration = QueueConfiguration()
            configuration.defaults.maxRetry = 0
            configuration.gracePeriod = .seconds(30)
            let manager = TaskManager(
                store: try SQLiteStore(path: ":memory:"), configuration: configuration, logger: quiet)
            try manager.register("hook", WebhookHandler(webhook, client: client))
            group.addTask { try await manager.run() }
            try await body(WebhookService(manager: manager, calls: calls, departures: departures))
            group.cancelAll()
            try await group.waitForAll()
        }
        await client.shutDown()
    }

    private static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private static func service(
        _ calls: Shared<[Call]>, _ departures: Shared<Int>, _ answer: @escaping @Sendable (Call) -> Answer?,
        _ listening: @escaping @Sendable (Int) -> Void
    ) -> some ServiceLifecycle.Service {
        let router = Router()
        router.post("/tasks") { request, _ -> Response in
            let headers = request.headers
            let body = String(buffer: try await request.body.collect(upTo: 1 << 22))
            let call = Call(headers: headers, body: body)
            calls.change { $0.append(call) }
            guard let answer = answer(call) else {
                do {
                    try await Task.sleep(for: .seconds(600))
                } catch {
                    departures.change { $0 += 1 }
                }
                throw CancellationError()
            }
            return Response(
                status: answer.status, headers: answer.headers,
                body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body)))
        }
        return Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                if let port = channel.localAddress?.port { listening(port) }
            }, logger: quiet)
    }

    func submit(
        _ payload: String = "{}", _ change: (inout TaskSubmission) -> Void = { _ in }
    ) async throws -> TaskID {
        var submission = TaskSubmission(type: "hook", payload: try RawJSON(payload))
        change(&submission)
        return try await manager.submit(submission).record.id
    }

    func task(_ id: TaskID, _ what: String, _ condition: (TaskRecord) -> Bool) async throws -> TaskRecord {
        var found: TaskRecord?
        try await eventually("\(what)") {
            found = try await manager.task(id)
            return found.map(condition) ?? false
        }
        guard let found else { throw CancellationError() }
        return found
    }

    /// Submits a task, and answers it once it has ended.
    func end(
        _ payload: String = "{}", _ change: (inout TaskSubmission) -> Void = { _ in }
    ) async throws -> TaskRecord {
        try await task(try await submit(payload, change), "the task ends") { $0.status.isFinal }
    }
}
