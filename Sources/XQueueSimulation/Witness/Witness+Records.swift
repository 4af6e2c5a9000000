import XQueue
import XQueueCore

/// What holds for each step of a task.
extension Witness {
    func changed(_ change: RecordChange) {
        guard let record = change.new else { return }
        note(record.id.low.asNumber)
        note(Int64(record.version))
        note(Int64(record.status.code))
        let old = change.old
        checkKey(of: record, old)
        guard let old else { return checkSubmission(record) }
        guard record.version != old.version else { return checkSameVersion(record, old) }
        if record.version != old.version + 1 {
            fail(.versionGap, "task \(record.payload): \(old.version), then \(record.version)")
        }
        if old.status.isFinal { checkRequeue(record, old) }
        checkDefinition(of: record, old)
        if record.status == .processing { begin(record) }
        if old.status == .processing { end(record, old) }
    }

    private func checkSubmission(_ record: TaskRecord) {
        if record.version != 1 || record.status != .pending {
            fail(.versionGap, "task \(record.payload) begins with version \(record.version)")
        }
        failures[record.id] = 0
    }

    private func checkSameVersion(_ record: TaskRecord, _ old: TaskRecord) {
        if record.status != old.status || record.definition != old.definition {
            fail(.versionGap, "task \(record.payload) changed in secret")
        }
        if record.status == .processing { running[record.id] = record }
    }

    private func checkRequeue(_ record: TaskRecord, _ old: TaskRecord) {
        failures[record.id] = 0
        guard requeues.contains(record.id), old.status != .success, record.status == .pending else {
            return fail(
                .illegalEnd, "task \(record.payload): \(old.status.rawValue), then \(record.status.rawValue)")
        }
    }

    // MARK: - Attempts

    private func begin(_ record: TaskRecord) {
        guard let lease = record.lease else {
            return fail(.sharedToken, "task \(record.payload) runs without a lease")
        }
        let attempt = AttemptID(taskID: record.id, token: lease.token)
        if !tokens.insert(attempt).inserted {
            fail(.sharedToken, "task \(record.payload), token \(lease.token.rawValue)")
        }
        running[record.id] = record
        if let key = record.concurrency {
            let held = held(key.key)
            if held > key.limit { fail(.overLimit, "\(held) attempts of key \(key.key), limit \(key.limit)") }
        }
        if let limit = cluster?.store.setting(of: record.type).limit {
            let held = running.values.count { $0.type == record.type }
            if held > limit { fail(.overLimit, "\(held) attempts of type \(record.type), limit \(limit)") }
        }
    }

    /// How many attempts hold a token of a key.
    func held(_ key: String) -> Int { running.values.count { $0.concurrency?.key == key } }

    private func end(_ record: TaskRecord, _ old: TaskRecord) {
        running[record.id] = nil
        if let settling, let lease = old.lease,
            !settling.contains(AttemptID(taskID: record.id, token: lease.token))
        {
            fail(
                .staleSettle,
                "the attempt of \(lease.workerID) at task \(record.payload) was settled by another")
        }
        if let error = record.errors.last, error != old.errors.last { ended(old, error) }
        let hasFailed = record.errors.last != old.errors.last
        if record.status == .pending, hasFailed { failures[record.id, default: 0] += 1 }
        let expected = failures[record.id] ?? 0
        if record.retryCount != expected {
            fail(
                .retryCount,
                "task \(record.payload) has \(record.retryCount), but \(expected) attempts failed")
        }
        if record.status == .success { checkResult(record, old) }
    }

    private func ended(_ old: TaskRecord, _ error: AttemptError) {
        let entry = cluster?.diary.lastEntry(of: old.id, in: old.lease?.workerID)
        switch error.kind {
        case .error:
            if entry?.stopReason == .shutdown { fail(.countedShutdown, "task \(old.payload)") }
        case .timeout:
            let ran = error.endedAt - (error.startedAt ?? error.endedAt)
            if let limit = old.processTimeout, ran < limit, entry.map(mayHaveClaimedSlowly) != true {
                fail(.earlyTimeout, "task \(old.payload) after \(ran.text) of \(limit.text)")
            }
        case .leaseLost: checkLoss(of: old)
        }
    }

    /// A lease may be lost only with its worker's process, or if the process was suspended or cut off.
    private func checkLoss(of record: TaskRecord) {
        guard let cluster, let lease = record.lease, let process = cluster.process(named: lease.workerID),
            let machine = cluster.machine(of: process.name)
        else { return }
        let recently = time - 10_000_000_000
        // A remote worker depends on every node.
        let machines = [machine] + (lease.isRemote ? cluster.nodes : [])
        guard !process.isDead, machines.allSatisfy({ $0.health.isSound(since: recently) }) else { return }
        if lease.isRemote, cluster.processes.contains(where: { $0.startedAt > recently }) { return }
        fail(.lostLease, "task \(record.payload) of \(process.name)")
    }

    private func checkResult(_ record: TaskRecord, _ old: TaskRecord) {
        guard let cluster else { return }
        guard let text = record.result?.text, let number = Int(text), number < cluster.diary.entries.count
        else {
            return fail(
                .wrongResult, "task \(record.payload) has the result \(record.result?.text ?? "none")")
        }
        let entry = cluster.diary.entries[number]
        if entry.taskID != record.id || entry.process.name != old.lease?.workerID
            || entry.work.end != .success
        {
            fail(
                .wrongResult,
                "task \(record.payload) of \(old.lease?.workerID ?? "nobody") has the result of task \(entry.task.number) of \(entry.process.name)"
            )
        }
    }
}

extension UInt64 {
    fileprivate var asNumber: Int64 { Int64(bitPattern: self) }
}
