import XQueue
import XQueueCore

/// What holds for handlers, by their own diary.
extension Witness {
    /// An attempt starts while an earlier one of the same task has not ended.
    ///
    /// That is as it must be if the earlier one was cut off from the world: suspended, or in a process that has crashed; or if it
    /// does not stop when asked to. Of a remote worker nothing is known.
    func overlap(of earlier: DiaryEntry, with later: DiaryEntry) {
        let process = earlier.process
        let isExcused =
            process.isDead || process.isSuspended || process.suspendedAt >= earlier.startedAt
            || earlier.work.isDeaf || process is RemoteProcess || cluster?.isEnding == true
            || mayHaveMissedCancel(earlier)
        guard !isExcused else { return }
        fail(
            .overlap,
            "task \(earlier.task.number) runs in \(process.name) since \(Duration.nanoseconds(earlier.startedAt).text), and in \(later.process.name)"
        )
    }

    /// Whether the task was canceled and retried while its node may not have heard of it before the next heartbeat.
    private func mayHaveMissedCancel(_ entry: DiaryEntry) -> Bool {
        guard requeues.contains(entry.taskID) else { return false }
        return cluster?.machine(of: entry.process.name)?.health.isSound(since: entry.startedAt) == false
    }

    /// Whether the attempt's claim may have taken longer than the grace period, which leaves it less than its process timeout:
    /// it has to end before the store ends it.
    func mayHaveClaimedSlowly(_ entry: DiaryEntry) -> Bool {
        guard let cluster, let machine = cluster.machine(of: entry.process.name) else { return false }
        // A remote worker claims through any node.
        let machines = [machine] + (entry.process is RemoteProcess ? cluster.nodes : [])
        return !machines.allSatisfy { $0.health.isSound(since: entry.startedAt - 3_000_000_000) }
    }

    /// A handler was asked to stop.
    func stopped(_ entry: DiaryEntry, _ reason: StopReason?) {
        guard let cluster, !cluster.isEnding else { return }
        let ran = Duration.nanoseconds(time - entry.startedAt)
        let what = "task \(entry.task.number) in \(entry.process.name) after \(ran.text)"
        switch reason {
        case .timedOut:
            // A remote attempt counts from before its worker had it.
            if ran < entry.task.processTimeout, entry.process is NodeProcess, !mayHaveClaimedSlowly(entry) {
                fail(.earlyTimeout, "\(what) of \(entry.task.processTimeout.text)")
            }
        case .canceled:
            let planned = cluster.plan.tasks.first { $0.id == entry.taskID }
            if planned?.cancelAt == nil { fail(.wrongStop, "\(what): nobody canceled it") }
        case .shutdown:
            if !entry.process.isStopping { fail(.wrongStop, "\(what): the node is not shutting down") }
        case .leaseLost:
            guard entry.process is NodeProcess, let machine = cluster.machine(of: entry.process.name) else {
                return
            }
            // A slow claim leaves less time to the attempt's deadline at the store.
            if machine.health.isSound(since: min(time - 10_000_000_000, entry.startedAt - 3_000_000_000)) {
                fail(.wrongStop, "\(what): the node is sound, and told it that its lease is lost")
            }
        case nil:
            fail(.wrongStop, "\(what): no reason was given")
        }
    }
}
