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
        guard let answer = await submit() else {
            if !cluster.isEnding { cluster.witness.fail(.wrongRejection, "task \(task.number)") }
            return
        }
        guard case .accepted(let outcome) = answer else { return cluster.witness.rejected(task) }
        cluster.witness.accepted(task, outcome)
        // Another task has its unique key, and stands for it.
        guard outcome.record.id == task.id else { return }
        if let edit = task.edit { await carryOut(edit, on: outcome.record) }
        if let cancelAt = task.cancelAt {
            await wait(until: cancelAt)
            await cluster.persist(dice) { try await $0.manager.cancel(self.task.id) }
        }
        guard task.isRequeued, let ended = await waitForEnd(), ended.status != .success else { return }
        cluster.witness.requeues(task.id)
        await cluster.persist(dice) { try await $0.manager.retry(self.task.id) }
        _ = await waitForEnd()
    }

    /// What became of a submission.
    private enum Answer {
        case accepted(SubmitOutcome)
        /// Another task has its unique key.
        case notUnique
    }

    private func submit() async -> Answer? {
        var submission = TaskSubmission(type: task.type, payload: RawJSON(trusted: "\(task.number)"))
        submission.id = task.id
        submission.priority = task.priority
        submission.maxRetry = task.maxRetry
        submission.queueTimeout = task.queueTimeout ?? .zero
        submission.processTimeout = task.processTimeout
        submission.concurrencyKey = task.key?.key
        submission.maxConcurrency = task.key?.limit
        submission.uniqueness = task.uniqueness
        submission.retryPolicy = RetryPolicy(delay: .milliseconds(200), maxDelay: .seconds(3))
        if task.delay > .zero { submission.schedule = .after(task.delay) }
        return await cluster.persist(dice) { [submission] in
            do {
                return .accepted(try await $0.manager.submit(submission))
            } catch let error as QueueError where error.code == .notUnique {
                return .notUnique
            }
        }
    }

    /// Edits the task, unless it has started by then.
    private func carryOut(_ edit: PlannedEdit, on record: TaskRecord) async {
        await wait(until: edit.time)
        cluster.witness.edits(task.id)
        let version = edit.isConditional ? record.version : nil
        let edited = await cluster.persist(dice) { [task] node in
            try await node.manager.edit(task.id, version: version) { submission in
                submission.priority = edit.priority
                submission.concurrencyKey = edit.key?.key
                submission.maxConcurrency = edit.key?.limit
                submission.metadata = task.mark
                if let delay = edit.delay { submission.schedule = delay > .zero ? .after(delay) : .now }
            }
        }
        if let edited { cluster.witness.edited(edited, from: version) }
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
