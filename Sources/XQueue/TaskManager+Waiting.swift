import Synchronization
public import XQueueCore

/// Waiting for the end of tasks.
extension TaskManager {
    /// Waits until a task has ended, wherever it runs: an event wakes the caller, nothing is polled.
    ///
    /// Works whether or not ``run()`` runs. Each wait counts as a subscriber.
    ///
    /// - Parameters:
    ///   - id: The task.
    ///   - timeout: Maximum time to wait; the task continues after it. Nil waits as long as the task takes.
    /// - Returns: The task as it ended.
    /// - Throws: ``QueueError`` of code ``QueueError/Code/notFound`` if there is no such task, or if it was pruned
    ///   meanwhile; ``WaitTimeout``; `CancellationError`.
    public func wait(for id: TaskID, timeout: Duration? = nil) async throws -> TaskRecord {
        let filter = EventFilter(taskIDs: [id], statuses: Set(TaskStatus.allCases.filter(\.isFinal)))
        let changed = AsyncEvent()
        let failure = Mutex<QueueError?>(nil)
        let subscription = try eventBus.subscribe([filter], after: nil) { delivery in
            // Whatever is delivered, even the start of the subscription, is a reason to look at the task.
            if case .ended(let error) = delivery { failure.withLock { $0 = error } }
            changed.signal()
        }
        defer { subscription.cancel() }
        let deadline = timeout.map { clock.instant() + $0 }
        while true {
            let record: TaskRecord
            do throws(QueueError) {
                guard let found = try await task(id) else {
                    throw QueueError(.notFound, "no such task: \(id)")
                }
                record = found
            } catch {
                // A store that was interrupted calls itself unavailable.
                try Task.checkCancellation()
                throw error
            }
            if record.status.isFinal { return record }
            if let failure = failure.withLock({ $0 }) { throw failure }
            if let deadline {
                guard clock.instant() < deadline else { throw WaitTimeout(task: record) }
                await changed.wait(until: deadline, clock: clock)
                try Task.checkCancellation()
            } else if await !changed.wait() {
                throw CancellationError()
            }
        }
    }

    /// Submits a task for `handler`, waits for its end, and returns its result.
    ///
    /// - Parameters:
    ///   - timeout: Maximum time to wait; the task continues after it. Nil waits as long as the task takes.
    /// - Throws: ``TaskUnsuccessful`` if the task ended without success, what ``wait(for:timeout:)`` throws, or what
    ///   encoding the payload or decoding the result throws.
    public func submitAndWait<Handler: TaskHandler>(
        _ handler: Handler.Type, _ payload: Handler.Payload, _ options: SubmitOption...,
        timeout: Duration? = nil
    ) async throws -> Handler.Output where Handler.Output: Decodable {
        let id = try await submit(TaskSubmission(handler, payload, options)).record.id
        return try await success(of: id, timeout: timeout).decode()
    }

    /// Submits a task for a handler that returns nothing, and waits for its end.
    ///
    /// - Parameters:
    ///   - timeout: Maximum time to wait; the task continues after it. Nil waits as long as the task takes.
    /// - Throws: As the one that returns a result.
    public func submitAndWait<Handler: TaskHandler>(
        _ handler: Handler.Type, _ payload: Handler.Payload, _ options: SubmitOption...,
        timeout: Duration? = nil
    ) async throws where Handler.Output == Void {
        let id = try await submit(TaskSubmission(handler, payload, options)).record.id
        _ = try await success(of: id, timeout: timeout)
    }

    private func success(of id: TaskID, timeout: Duration?) async throws -> RawJSON {
        let record = try await wait(for: id, timeout: timeout)
        guard record.status == .success else { throw TaskUnsuccessful(record: record) }
        return record.result ?? .null
    }
}

/// A task that was waited for has not ended in time. It continues.
public struct WaitTimeout: Error, Sendable, CustomStringConvertible {
    /// The task as it was last seen.
    public let task: TaskRecord

    public var description: String { "task \(task.id) is still \(task.status.rawValue)" }
}

/// A task whose result was wanted ended without one: failed, canceled or timed out.
public struct TaskUnsuccessful: Error, Sendable, CustomStringConvertible {
    /// The task as it ended.
    public let record: TaskRecord

    public var description: String {
        "task \(record.id) ended as \(record.status.rawValue)" + (record.error.map { ": \($0)" } ?? "")
    }
}
