import XQueueCore

/// The steps of the last minutes, by second.
struct ModelFlow: Sendable {
    private var seconds: [Int64: FlowCounts] = [:]

    mutating func count(from old: TaskRecord?, to new: TaskRecord, at now: Timestamp) {
        guard let path = Self.path(from: old, to: new) else { return }
        let second = now.wholeSeconds
        if seconds[second] == nil { seconds = seconds.filter { $0.key > second - 60 } }
        seconds[second, default: FlowCounts()][keyPath: path] += 1
    }

    private static func path(
        from old: TaskRecord?, to new: TaskRecord
    ) -> WritableKeyPath<FlowCounts, Int>? {
        guard let old else { return \.submitted }
        guard old.version != new.version else { return nil }
        return switch new.status {
        case .pending: old.status == .processing && new.retryCount > old.retryCount ? \.retried : nil
        case .processing: \.started
        case .success: \.succeeded
        case .failed: \.failed
        case .canceled: \.canceled
        case .timeout: \.timedOut
        }
    }

    func lastMinute(at now: Timestamp) -> FlowCounts {
        let second = now.wholeSeconds
        return (second - 59...second).reduce(FlowCounts()) { $0 + (seconds[$1] ?? FlowCounts()) }
    }

    func history(at now: Timestamp) -> FlowHistory {
        let second = now.wholeSeconds
        let start = second - Int64(FlowHistory.maxSeconds)
        return FlowHistory(
            start: Timestamp(milliseconds: start * 1000),
            seconds: (start..<second).map { seconds[$0] ?? FlowCounts() })
    }
}

extension ModelState {
    var typeStates: [TypeState] {
        var states = types.mapValues { TypeState(type: "", limit: $0.limit, isPaused: $0.isPaused) }
        for record in records.values { states[record.type]?.counts[record.status] += 1 }
        return states.map { type, state in
            TypeState(type: type, limit: state.limit, isPaused: state.isPaused, counts: state.counts)
        }.sorted { $0.type < $1.type }
    }

    func statistics(at now: Timestamp) -> StoreStatistics {
        let keys = keyStates
        let oldest = records.values.filter { $0.pendingReason == .ready || $0.pendingReason == .parked }
            .min { $0.id < $1.id }
        return StoreStatistics(
            types: typeStates, keys: Array(keys.prefix(100)), keysInUse: keys.count,
            oldestPendingAge: oldest.map { now - $0.createdAt }, lastMinute: flow.lastMinute(at: now),
            history: flow.history(at: now))
    }

    /// Busiest first.
    private var keyStates: [KeyState] {
        var states: [String: KeyState] = [:]
        for record in records.values where record.status == .processing {
            guard let concurrency = record.concurrency else { continue }
            var state =
                states[concurrency.key] ?? KeyState(key: concurrency.key, held: 0, limit: 0, waiting: 0)
            state.held += 1
            state.limit = max(state.limit, concurrency.limit)
            states[concurrency.key] = state
        }
        for record in records.values where record.pendingReason == .parked {
            guard let key = record.concurrency?.key else { continue }
            states[key]?.waiting += 1
        }
        return states.values.sorted { ($1.held, $0.key) < ($0.held, $1.key) }
    }

    func page(_ query: TaskQuery) -> TaskPage {
        let matches = records.values.filter(query.matches).sorted { $0.id > $1.id }
        let rest = matches.drop { task in query.after.map { task.id >= $0.last } ?? false }.dropFirst(
            query.offset)
        var shown: [TaskRecord] = []
        var bytes = 0
        for record in rest.prefix(query.limit) where shown.isEmpty || bytes <= query.maxBytes {
            shown.append(record)
            bytes += record.contentBytes
        }
        let next = rest.count > shown.count ? shown.last.map { TaskCursor(last: $0.id) } : nil
        return TaskPage(tasks: shown, total: matches.count, next: next)
    }
}
