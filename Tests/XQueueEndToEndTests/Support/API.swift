import Foundation
import Testing
import XQueueClient
import XQueueCore
import XQueueTesting

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The HTTP API of a running server.
struct API: Sendable {
    let base: URL
    private let session: URLSession
    /// Keeps the server running as long as this value exists.
    private let server: ServerProcess

    init(_ server: ServerProcess) {
        self.server = server
        base = server.address.appending(path: "api/v1")
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 60
        session = URLSession(configuration: configuration)
    }

    struct Reply: Sendable {
        var status: Int
        var body: Data
        var headers: [String: String]

        /// Decodes the body.
        func decoded<Value: Decodable & Sendable>(_: Value.Type = Value.self) throws -> Value {
            try ClientReply(status: status, text: text).decoded()
        }

        var text: String { String(decoding: body, as: UTF8.self) }
    }

    func send(
        _ method: String, _ path: String, _ body: String? = nil, headers fields: [String: String] = [:]
    ) async throws -> Reply {
        // Appending would encode the question mark of a query.
        let url = try #require(URL(string: base.absoluteString + path))
        var request = URLRequest(url: url)
        request.httpMethod = method
        if let body {
            request.httpBody = Data(body.utf8)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        for (name, value) in fields { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await load(request)
        let http = try #require(response as? HTTPURLResponse)
        var headers: [String: String] = [:]
        for (name, value) in http.allHeaderFields { headers["\(name)".lowercased()] = "\(value)" }
        return Reply(status: http.statusCode, body: data, headers: headers)
    }

    /// Foundation's own `data(for:)` deadlocks if its Swift task is canceled while the reply arrives.
    private func load(_ request: URLRequest) async throws -> (Data, URLResponse?) {
        try await withCheckedThrowingContinuation { continuation in
            session.dataTask(with: request) { data, response, error in
                if let error {
                    continuation.resume(throwing: error)
                } else {
                    continuation.resume(returning: (data ?? Data(), response))
                }
            }.resume()
        }
    }

    // MARK: - Tasks

    /// Submits a task; `members` are JSON members other than `type` and `payload`.
    func submit(
        _ type: String = "example", _ payload: String = "{}", _ members: String = ""
    ) async throws -> QueueTask {
        let extra = members.isEmpty ? "" : ", \(members)"
        let reply = try await send("POST", "/tasks", #"{"type":"\#(type)","payload":\#(payload)\#(extra)}"#)
        try #require(reply.status == 201, "\(reply.text)")
        return try reply.decoded()
    }

    func task(_ id: TaskID) async throws -> QueueTask {
        try await send("GET", "/tasks/\(id)").decoded()
    }

    func stats() async throws -> ServerStatistics {
        try await send("GET", "/stats").decoded()
    }

    /// Waits until `condition` holds for the task, and returns it.
    func task(
        _ id: TaskID, _ what: Comment, _ condition: (QueueTask) -> Bool
    ) async throws -> QueueTask {
        var last: QueueTask?
        try await eventually(what) {
            let task = try await task(id)
            last = task
            return condition(task)
        }
        return try #require(last)
    }

    /// Waits until the task has ended, and returns it.
    func end(of id: TaskID) async throws -> QueueTask {
        try await task(id, "task \(id) ends", \.status.isFinal)
    }

    /// Returns all tasks, newest first.
    func allTasks() async throws -> [QueueTask] {
        var tasks: [QueueTask] = []
        var rest: String? = ""
        while let after = rest {
            let page: QueueTaskPage = try await send("GET", "/tasks?limit=1000\(after)").decoded()
            tasks += page.tasks
            rest = page.next.map { "&after=\($0)" }
        }
        return tasks
    }
}

extension QueueTask {
    /// A string member of the result; nil if it is missing.
    func resultText(_ name: String) throws -> String? {
        try result?.members()?.first { $0.name == name }?.value.decode(String.self)
    }
}

extension ServerStatistics {
    /// The number of tasks with a status.
    subscript(status: TaskStatus) -> Int { counts[status] ?? 0 }

    /// The number of tasks that have not ended.
    var unfinished: Int { self[.pending] + self[.processing] }
}
