import XQueue
import XQueueCore

/// A client that submits one task until it is accepted, and does with it what the plan says.
final class Client: @unchecked Sendable {
    // Unchecked: confined to the simulation's thread.
    private let task: PlannedTask
    private let cluster: Cluster
    private let dice: Dice

    init(_ task: PlannedTask, _ cluster: Cluster) {
        self.task = task
        self.cluster = cluster
        dice = Dice(seed: cluster.plan.orderSeed, "client \(task.number)")
    }

    func run() async {
        await wait(until: task.submitAt)
        guard let record = await submit() else {
            if !cluster.isEnding { cluster.witness.fail(.wrongRejection, "task \(task.number)") }
            return
        }
        cluster.witness.accepted(task, record)
        // Another task has its unique key, and stands for it.
        guard record.id == task.id else { return }
        if let cancelAt = task.cancelAt {
            await wait(until: cancelAt)
            await cluster.persist(dice) { try await $0.manager.cancel(self.task.id) }
        }
        guard task.isRequeued, let ended = await waitForEnd(), ended.status != .success else { return }
        cluster.witness.requeues(task.id)
        await cluster.persist(dice) { try await $0.manager.retry(self.task.id) }
        _ = await waitForEnd()
    }

    private func submit() async -> TaskRecord? {
        var submission = TaskSubmission(type: task.type, payload: RawJSON(trusted: "\(task.number)"))
        submission.id = task.id
        submission.priority = task.priority
        submission.maxRetry = task.maxRetry
        submission.queueTimeout = task.queueTimeout ?? .zero
        submission.processTimeout = task.processTimeout
        submission.concurrencyKey = task.key?.key
        submission.maxConcurrency = task.key?.limit
        submission.uniqueKey = task.uniqueKey
        submission.retryPolicy = RetryPolicy(delay: .milliseconds(200), maxDelay: .seconds(3))
        if task.delay > .zero { submission.schedule = .after(task.delay) }
        return await cluster.persist(dice) { [submission] in try await $0.manager.submit(submission).record }
    }

    /// Waits for the task's end by its events, through one node after another.
    private func waitForEnd() async -> TaskRecord? {
        while !cluster.isEnding {
            let ended = try? await cluster.request(dice) { [task] node in
                try await node.manager.wait(for: task.id, timeout: .seconds(15))
            }
            if let ended {
                cluster.witness.awaited(ended)
                return ended
            }
            await pause()
        }
        return nil
    }

    private func pause() async {
        await cluster.scheduler.wait(for: dice.milliseconds(200...1200))
    }

    private func wait(until time: Duration) async {
        await cluster.scheduler.wait(for: time - .nanoseconds(cluster.scheduler.time))
    }
}
