import XQueue
import XQueueCore

/// What holds from second to second.
extension Witness {
    private static let second: Int64 = 1_000_000_000

    /// Looks at everything; called once a simulated second.
    func look(_ cluster: Cluster) {
        for node in cluster.nodes { checkSign(of: node) }
        // After the last fault, whatever it has delayed has had time.
        guard let quietTime, quietTime > 15 * Self.second else { return }
        for record in cluster.store.records.values.sorted(by: { $0.id < $1.id }) {
            checkStart(of: record, cluster)
            checkSweep(of: record)
        }
        for schedule in cluster.store.schedules.values.sorted(by: { $0.name < $1.name }) {
            guard let due = schedule.dueAt else { continue }
            let late = SimulatedClock.epoch + .nanoseconds(time) - due
            if late > .seconds(15) { fail(.noSweep, "\(schedule.name), for \(late.text)") }
        }
    }

    /// Two heartbeats, the time-outs of two calls, and the waits after them.
    private func checkSign(of node: Node) {
        guard let process = node.running, !process.isStopping, !process.isSuspended else { return }
        let limit = time - 10 * Self.second
        guard process.startedAt < limit, node.health.isSound(since: limit) else { return }
        let last = registeredAt[process.name] ?? process.startedAt
        if last < limit {
            fail(.silentNode, "\(process.name), since \(Duration.nanoseconds(last).text)")
        }
    }

    private func checkStart(of record: TaskRecord, _ cluster: Cluster) {
        guard isStartable(record, cluster) else { return waitingSince[record.id] = nil }
        let since = waitingSince[record.id] ?? time
        waitingSince[record.id] = since
        if time - since > 6 * Self.second {
            fail(.idleSlot, "task \(record.payload), for \((time - since) / Self.second) s")
        }
    }

    /// Whether the task is ready, or parked behind a free token, and a node has a free slot for it.
    private func isStartable(_ record: TaskRecord, _ cluster: Cluster) -> Bool {
        guard record.status == .pending, record.pendingReason != .scheduled, record.pendingReason != .blocked,
            Plan.nodeTypes.contains(record.type)
        else { return false }
        let setting = cluster.store.setting(of: record.type)
        if setting.isPaused { return false }
        if let limit = setting.limit, running.values.count(where: { $0.type == record.type }) >= limit {
            return false
        }
        if let key = record.concurrency, held(key.key) >= key.limit { return false }
        return cluster.nodes.contains { node in
            guard let process = node.running, !process.isStopping, !process.isSuspended else { return false }
            return cluster.diary.running(in: process) < process.manager.configuration.maxConcurrency
        }
    }

    private func checkSweep(of record: TaskRecord) {
        guard let due = record.dueAt else { return }
        let late = SimulatedClock.epoch + .nanoseconds(time) - due
        if late > .seconds(15) { fail(.noSweep, "task \(record.payload), for \(late.text)") }
    }

    // MARK: - The end

    /// Checks by the tasks themselves that no tick is missing, and none there twice.
    private func checkTicks(of schedule: PlannedSchedule, _ cluster: Cluster) {
        let ticks = cluster.store.records.values.compactMap(\.scheduled)
            .filter { $0.schedule == schedule.name }.map(\.tick).sorted()
        for (before, tick) in zip(ticks, ticks.dropFirst()) where tick - before != .seconds(schedule.period) {
            fail(.wrongTick, "\(schedule.name): after \(before.rfc3339) came \(tick.rfc3339)")
        }
        let state = cluster.store.schedules[schedule.name]?.state.text ?? "nothing"
        if !state.contains(#""fired":\#(ticks.count),"#) || !state.contains(#""missed":0"#)
            || !state.contains(#""skipped":0"#)
        {
            fail(.wrongTick, "\(schedule.name) has \(ticks.count) tasks, and says \(state)")
        }
    }

    /// Checks a queue that has been drained.
    func checkDrained(_ cluster: Cluster) async {
        let records = cluster.store.records
        for id in accepted where records[id] == nil { fail(.lostTask, "\(id)") }
        for schedule in cluster.plan.schedules { checkTicks(of: schedule, cluster) }
        do throws(StoreError) {
            let statistics = try await cluster.store.statistics()
            if statistics.keysInUse > 0 {
                fail(.heldToken, statistics.keys.map(\.key).joined(separator: ", "))
            }
            for status in TaskStatus.allCases {
                let count = records.values.count { $0.status == status }
                if statistics.counts[status] != count {
                    fail(
                        .wrongCounts,
                        "\(statistics.counts[status]) tasks are \(status.rawValue), not \(count)")
                }
            }
        } catch {
            fail(.wrongCounts, "\(error)")
        }
    }
}
