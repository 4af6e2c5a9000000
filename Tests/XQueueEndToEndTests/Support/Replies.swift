import Foundation

/// A task as the API shows it: the members the tests look at.
struct TaskReply: Decodable, Sendable {
    var id: String
    var type: String
    var status: String
    var pendingReason: String?
    var priority: Int
    var maxRetry: Int
    var queueTimeout: Double
    var processTimeout: Double
    var concurrencyKey: String?
    var maxConcurrency: Int?
    var retryCount: Int
    var error: String?
    var progress: Double?
    var result: Result?
    var attempt: Int
    var workerID: String?
    var version: Int
    var createdAt: String
    var startedAt: String?
    var completedAt: String?

    enum CodingKeys: String, CodingKey {
        case id, type, status, priority, error, progress, result, version, attempt
        case workerID = "worker_id"
        case pendingReason = "pending_reason"
        case maxRetry = "max_retry"
        case queueTimeout = "queue_timeout"
        case processTimeout = "process_timeout"
        case concurrencyKey = "concurrency_key"
        case maxConcurrency = "max_concurrency"
        case retryCount = "retry_count"
        case createdAt = "created_at"
        case startedAt = "started_at"
        case completedAt = "completed_at"
    }

    /// The members of results that the tests look at.
    struct Result: Decodable, Sendable {
        var message: String?
        var file: String?
    }

    /// When the last attempt started, in milliseconds since 1970.
    var startedMilliseconds: Int64? {
        startedAt.flatMap { Self.milliseconds($0) }
    }

    /// When the task ended, in milliseconds since 1970.
    var completedMilliseconds: Int64? {
        completedAt.flatMap { Self.milliseconds($0) }
    }

    private static func milliseconds(_ text: String) -> Int64? {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        guard let date = try? Date(text, strategy: style) else { return nil }
        return Int64((date.timeIntervalSince1970 * 1000).rounded())
    }
}

struct PageReply: Decodable, Sendable {
    var tasks: [TaskReply]
    var count: Int
    var total: Int
    var limit: Int
    var offset: Int
    var next: String?
}

struct BatchReply: Decodable, Sendable {
    var tasks: [TaskReply]
}

struct StatsReply: Decodable, Sendable {
    var pending: Int
    var processing: Int
    var success: Int
    var failed: Int
    var canceled: Int
    var activeWorkers: Int
    var totalWorkers: Int
    var version: String
    var keys: [Key]
    var types: [TypeReply]

    /// Tasks of one key, across the cluster.
    struct Key: Decodable, Sendable {
        var key: String
        var held: Int
        var waiting: Int
    }

    enum CodingKeys: String, CodingKey {
        case types
        case keys = "concurrency_keys"
        case canceled = "canceled_tasks"
        case pending = "pending_tasks"
        case processing = "processing_tasks"
        case success = "success_tasks"
        case failed = "failed_tasks"
        case activeWorkers = "active_workers"
        case totalWorkers = "total_workers"
        case version
    }
}

struct TypeReply: Decodable, Sendable {
    var type: String
    var paused: Bool
    var maxConcurrency: Int?

    enum CodingKeys: String, CodingKey {
        case type, paused
        case maxConcurrency = "max_concurrency"
    }
}

struct WorkersReply: Decodable, Sendable {
    var workers: [Worker]

    /// One node of the cluster.
    struct Worker: Decodable, Sendable {
        var id: String
        var pid: Int
        var roles: [String]
    }
}

struct ErrorReply: Decodable, Sendable {
    var error: String
    var code: String
    var field: String?
}
