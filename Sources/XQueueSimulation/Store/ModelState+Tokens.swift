import XQueueCore

/// Limits of types and keys. A token is a running task, so it is counted, never stored.
extension ModelState {
    /// Whether a type is not paused and has a free slot.
    func isFree(_ type: String) -> Bool {
        guard let setting = types[type] else { return true }
        guard let limit = setting.limit else { return !setting.isPaused }
        return !setting.isPaused
            && records.values.count { $0.status == .processing && $0.type == type } < limit
    }

    /// Whether the record's key, if it has one, has a free token.
    func hasToken(_ record: TaskRecord) -> Bool {
        guard let concurrency = record.concurrency else { return true }
        return held(concurrency.key) < concurrency.limit
    }

    func held(_ key: String) -> Int {
        records.values.count { $0.status == .processing && $0.concurrency?.key == key }
            + (keptTokens[key] ?? 0)
    }

    /// Makes the best parked tasks ready, as many of each type and key as there are free tokens.
    mutating func unpark() {
        while let id = nextToUnpark {
            records[id]?.pendingReason = .ready
            signalReady()
        }
    }

    private var nextToUnpark: TaskID? {
        let parked = records.values.filter { $0.pendingReason == .parked && hasToken($0) }
        guard !parked.isEmpty else { return nil }
        for record in parked.sorted(by: { $0.isBetter(than: $1) }) {
            guard let concurrency = record.concurrency else { continue }
            // Tasks of the same line that are claimed first leave fewer tokens.
            let rivals = records.values.filter { $0.pendingReason == .ready && $0.sharesLine(with: record) }
            let ahead = rivals.count { $0.isBetter(than: record) }
            if rivals.isEmpty || held(concurrency.key) + ahead < concurrency.limit { return record.id }
        }
        return nil
    }
}

extension TaskRecord {
    /// Whether it is claimed before the other one.
    func isBetter(than other: TaskRecord) -> Bool { (other.priority, id) < (definition.priority, other.id) }

    fileprivate func sharesLine(with other: TaskRecord) -> Bool {
        definition.type == other.type && definition.concurrency?.key == other.concurrency?.key
    }
}
