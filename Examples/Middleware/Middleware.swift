import Crypto
import Foundation
import Logging
import ServiceLifecycle
import XQueue
import XQueueSQLite

/// Four pieces of middleware around a handler that knows nothing of them.
@main
struct Middleware {
    static func main() async throws {
        let manager = TaskManager(store: try SQLiteStore(path: ":memory:"))
        // The first one is outermost.
        manager.add(AttemptLogging())
        manager.add(ErrorReporting())
        manager.add(Tenancy())
        manager.add(Encryption(key: SymmetricKey(size: .bits256)))
        try manager.register("greet") { (task: TaskContext<String>) in
            guard !task.payload.isEmpty else { throw TaskFailure("nobody to greet", isPermanent: true) }
            return "Hello, \(task.payload), tenant \(Tenant.current ?? "-")!"
        }

        let group = ServiceGroup(services: [manager], logger: Logger(label: "middleware"))
        async let running: Void = group.run()
        for name in ["Ada", ""] {
            let task = try await Tenant.$current.withValue("acme") {
                try await manager.submit("greet", RawJSON(encoding: name))
            }
            print(
                "stored: \(task.payload.text.prefix(20))… with the limit of \(task.concurrency?.key ?? "-")")
            let ended = try await manager.wait(for: task.id)
            print("ended: \(ended.status.rawValue) \(ended.result?.text ?? ended.error ?? "")")
        }
        await group.triggerGracefulShutdown()
        try await running
    }
}

/// Logs how long every attempt took.
struct AttemptLogging: AttemptMiddleware {
    func attempt(
        _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
    ) async throws -> RawJSON? {
        let start = ContinuousClock.now
        defer { task.logger.info("Attempt ended", metadata: ["took": "\(ContinuousClock.now - start)"]) }
        return try await next(task)
    }
}

/// Sends errors to a service that collects them; here it prints them.
struct ErrorReporting: AttemptMiddleware {
    func attempt(
        _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
    ) async throws -> RawJSON? {
        do {
            return try await next(task)
        } catch {
            // A snooze is no failure, and a handler that was asked to stop may throw anything.
            guard !(error is TaskSnooze), task.stopReason == nil else { throw error }
            print("reported: \(error) in attempt \(task.attempt) of a \(task.type)")
            throw error
        }
    }
}

/// Whom the present code works for.
enum Tenant {
    @TaskLocal static var current: String?
}

/// Gives tenants a share of their own, and tells handlers whom they work for.
struct Tenancy: AttemptMiddleware, SubmissionMiddleware {
    private struct Note: Codable {
        var tenant: String
    }

    func submit(
        _ tasks: [TaskSubmission], next: ([TaskSubmission]) async throws(QueueError) -> [SubmitOutcome]
    ) async throws(QueueError) -> [SubmitOutcome] {
        guard let tenant = Tenant.current, let note = try? RawJSON(encoding: Note(tenant: tenant)) else {
            throw QueueError(.rejected, "no tenant")
        }
        return try await next(
            tasks.map { task in
                var task = task
                task.metadata = note
                (task.concurrencyKey, task.maxConcurrency) = (tenant, 5)
                return task
            })
    }

    func attempt(
        _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
    ) async throws -> RawJSON? {
        let note = try task.metadata?.decode(Note.self)
        return try await Tenant.$current.withValue(note?.tenant) { try await next(task) }
    }
}

/// Keeps payloads unreadable in the store. Results, errors and progress are not encrypted.
struct Encryption: AttemptMiddleware, SubmissionMiddleware {
    let key: SymmetricKey

    func submit(
        _ tasks: [TaskSubmission], next: ([TaskSubmission]) async throws(QueueError) -> [SubmitOutcome]
    ) async throws(QueueError) -> [SubmitOutcome] {
        var tasks = tasks
        for index in tasks.indices {
            guard let sealed = try? sealed(tasks[index].payload) else {
                throw QueueError(.rejected, "cannot encrypt the payload")
            }
            tasks[index].payload = sealed
        }
        return try await next(tasks)
    }

    func attempt(
        _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
    ) async throws -> RawJSON? {
        let sealed = try AES.GCM.SealedBox(combined: try task.payload.decode(Data.self))
        let payload = try RawJSON(bytes: try AES.GCM.open(sealed, using: key))
        return try await next(task.with(payload: payload))
    }

    private func sealed(_ payload: RawJSON) throws -> RawJSON {
        let sealed = try AES.GCM.seal(Data(payload.text.utf8), using: key)
        return try RawJSON(encoding: sealed.combined)
    }
}
