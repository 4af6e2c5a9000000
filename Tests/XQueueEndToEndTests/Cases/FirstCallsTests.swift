import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTestServers

/// A new user's first calls.
@Suite struct FirstCallsTests {
    private let server: ServerProcess
    private let api: API

    init() async throws {
        server = try await ServerProcess(in: ServerFolder())
        api = API(server)
    }

    @Test func aTaskIsSubmittedRunsAndIsFound() async throws {
        let body =
            #"{"type":"example","payload":{"message":"Hello, XQueue!"},"priority":1,"max_retry":3,"#
            + #""queue_timeout":300,"process_timeout":60}"#
        let reply = try await api.send("POST", "/tasks", body)
        #expect(reply.status == 201)
        let task: QueueTask = try reply.decoded()
        #expect(reply.headers["location"] == "/api/v1/tasks/\(task.id)")
        #expect(task.priority == 1)
        #expect(task.maxRetry == 3)
        #expect(task.queueTimeout == .seconds(300))
        #expect(task.processTimeout == .seconds(60))

        let end = try await api.end(of: task.id)
        #expect(end.status == .success)
        #expect(try end.resultText("message") == "Hello, XQueue!")
        #expect(end.retryCount == 0)
    }

    /// A page's metadata.
    private struct Window: Decodable {
        var count: Int
        var limit: Int
        var offset: Int
    }

    @Test func pendingTasksAreListed() async throws {
        let first = try await api.submit("nobody-serves-this")
        let second = try await api.submit("nobody-serves-this")
        let reply = try await api.send("GET", "/tasks?status=pending&limit=10&offset=0")
        let page: QueueTaskPage = try reply.decoded()
        #expect(page.tasks.map(\.id) == [second.id, first.id])
        #expect(page.total == 2)
        let window: Window = try reply.decoded()
        #expect(window.count == 2)
        #expect(window.limit == 10)
        #expect(window.offset == 0)
    }

    @Test func aWaitingTaskIsCanceled() async throws {
        let task = try await api.submit("nobody-serves-this")
        let reply = try await api.send("DELETE", "/tasks/\(task.id)")
        #expect(reply.status == 200)
        #expect(try await api.task(task.id).status == .canceled)
        #expect(try await api.send("DELETE", "/tasks/\(task.id)").status == 409)
        #expect(try await api.send("DELETE", "/tasks/00000000-0000-7000-8000-000000000000").status == 404)
    }

    @Test func statsCount() async throws {
        let task = try await api.submit()
        _ = try await api.end(of: task.id)
        _ = try await api.submit("nobody-serves-this")
        let stats = try await api.stats()
        #expect(stats[.success] == 1)
        #expect(stats[.pending] == 1)
        #expect(stats.totalWorkers == 100)
        #expect(!stats.version.isEmpty)
    }

    @Test func healthIsFine() async throws {
        let reply = try await api.send("GET", "/health")
        #expect(reply.status == 200)
        #expect(reply.text.contains(#""status":"ok""#))
    }
}
