import XQueueCore

/// Measures how long handlers run.
struct AttemptTimer: AttemptMiddleware {
    let metrics: QueueMetrics

    func attempt(
        _ task: TaskContext<RawJSON>, next: @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?
    ) async throws -> RawJSON? {
        let start = ContinuousClock.now
        defer { metrics.work(task.type).ran(for: ContinuousClock.now - start) }
        return try await next(task)
    }
}
