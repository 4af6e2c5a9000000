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
        try await end(of: id, EndWatch(eventBus, id), timeout: timeout)
    }

    /// Submits a task for `handler`, waits for its end, and returns its result.
    ///
    /// - Parameters:
    ///   - handler: The handler's type.
    ///   - payload: The task's payload.
    ///   - options: Options of the submission.
    ///   - timeout: Maximum time to wait; the task continues after it. Nil waits as long as the task takes.
    /// - Throws: ``TaskUnsuccessful`` if the task ended without success; ``WaitTimeout``; ``QueueError``;
    ///   `CancellationError`; what encoding the payload or decoding the result throws. After anything but the first,
    ///   the task may have been accepted, and then runs: pass an ``SubmitOption/id(_:)`` to find it again.
    public func submitAndWait<Handler: TaskHandler>(
        _ handler: Handler.Type, _ payload: Handler.Payload, _ options: SubmitOption...,
        timeout: Duration? = nil
    ) async throws -> Handler.Output where Handler.Output: Decodable {
        try await success(of: TaskSubmission(handler, payload, options), timeout: timeout).decode()
    }

    /// Submits a task for a handler that returns nothing, and waits for its end.
    ///
    /// - Parameters:
    ///   - handler: The handler's type.
    ///   - payload: The task's payload.
    ///   - options: Options of the submission.
    ///   - timeout: Maximum time to wait; the task continues after it. Nil waits as long as the task takes.
    /// - Throws: As the one that returns a result.
    public func submitAndWait<Handler: TaskHandler>(
        _ handler: Handler.Type, _ payload: Handler.Payload, _ options: SubmitOption...,
        timeout: Duration? = nil
    ) async throws where Handler.Output == Void {
        _ = try await success(of: TaskSubmission(handler, payload, options), timeout: timeout)
    }

    private func success(of submission: TaskSubmission, timeout: Duration?) async throws -> RawJSON {
        var submission = submission
        await storeTime.prepare(waits: submitter.intake == nil)
        let id = submission.id ?? ids.next()
        submission.id = id
        // Before the submission: a limit of subscribers then fails before anything was accepted.
        let watch = try EndWatch(eventBus, id)
        let outcome = try await submit(submission)
        let record =
            if outcome.record.id == id {
                try await end(of: id, watch, submitted: outcome, timeout: timeout)
            } else {
                try await wait(for: outcome.record.id, timeout: timeout)
            }
        guard record.status == .success else { throw TaskUnsuccessful(record: record) }
        return record.result ?? .null
    }

    /// - Parameter outcome: What its submission returned, if it was this manager's.
    private func end(
        of id: TaskID, _ watch: EndWatch, submitted outcome: SubmitOutcome? = nil, timeout: Duration?
    ) async throws -> TaskRecord {
        let deadline = timeout.map { clock.instant() + $0 }
        // A task that only the log in front of the store has is not in the store yet.
        var logged: TaskRecord? = if case .logged(let record) = outcome { record } else { nil }
        while true {
            let found = try await found(id)
            if found != nil { logged = nil }
            guard let record = found ?? logged else {
                throw QueueError(.notFound, "no such task: \(id)")
            }
            if record.status.isFinal { return record }
            if let failure = watch.failure { throw failure }
            if let deadline {
                guard clock.instant() < deadline else { throw WaitTimeout(task: record) }
                await watch.changed.wait(until: deadline, clock: clock)
                try Task.checkCancellation()
            } else if await !watch.changed.wait() {
                throw CancellationError()
            }
        }
    }

    private func found(_ id: TaskID) async throws -> TaskRecord? {
        do throws(QueueError) {
            return try await task(id)
        } catch {
            // A store whose call was canceled reports itself unavailable.
            try Task.checkCancellation()
            throw error
        }
    }
}

/// Signals that a task may have ended, until it is released.
private final class EndWatch: Sendable {
    /// What deliveries change. The bus's side refers to it alone: the watch must not be released during a delivery,
    /// whose lock its `deinit` takes.
    private final class Signal: Sendable {
        let changed = AsyncEvent()
        let failure = Mutex<QueueError?>(nil)

        func receive(_ delivery: EventDelivery) {
            // Whatever is delivered, even the start of the subscription, is a reason to look at the task.
            if case .ended(let error) = delivery { failure.withLock { $0 = error } }
            changed.signal()
        }
    }

    private let signal: Signal
    private let subscription: EventSubscription

    init(_ bus: EventBus, _ id: TaskID) throws(QueueError) {
        let signal = Signal()
        self.signal = signal
        let filter = EventFilter(taskIDs: [id], statuses: Set(TaskStatus.allCases.filter(\.isFinal)))
        subscription = try bus.subscribe([filter]) { signal.receive($0) }
    }

    deinit {
        subscription.cancel()
    }

    var changed: AsyncEvent { signal.changed }

    /// Why nothing more will be signaled.
    var failure: QueueError? { signal.failure.withLock { $0 } }
}

/// A task has not ended within the time that was waited for it. It continues.
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
