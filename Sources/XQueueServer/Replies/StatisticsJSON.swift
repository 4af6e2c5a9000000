import XQueue
import XQueueCore

extension JSONWriter {
    /// Writes the reply of `stats`. Values known only for all types together are null for a caller limited to types.
    mutating func statistics(_ statistics: QueueStatistics, version: String, for caller: Caller) {
        let isWhole = caller.types == nil
        object { writer in
            let counts = statistics.store.counts
            for status in TaskStatus.allCases {
                writer.member("\(status.rawValue)_tasks", counts[status])
            }
            writer.member("total_tasks", counts.total)
            let load = isWhole ? statistics.workers : nil
            writer.member("total_workers", load?.total)
            writer.member("active_workers", load?.active)
            writer.member("stuck_workers", load?.stuck)
            writer.nodes(statistics.nodes, thisNode: statistics.workerID, for: caller)
            writer.member("oldest_pending_age", isWhole ? statistics.store.oldestPendingAge : nil)
            writer.name("rates")
            writer.rates(isWhole ? statistics.store : nil)
            writer.types(statistics.types)
            writer.name("concurrency_keys")
            writer.array(statistics.store.keys) { $0.key($1) }
            writer.member("concurrency_keys_in_use", statistics.store.keysInUse)
            writer.name("sinks")
            writer.array(isWhole ? statistics.sinks : []) { $0.sink($1) }
            writer.name("intake")
            writer.intake(isWhole ? statistics.intake : nil)
            writer.member("uptime", statistics.uptime)
            writer.member("instance_id", statistics.workerID)
            writer.member("version", version)
        }
    }

    /// Writes the member `types`.
    mutating func types(_ types: [TypeReport]) {
        name("types")
        array(types) { $0.type($1.state, hasHandler: $1.hasHandler) }
    }

    /// Writes one task type, with a count for each status.
    mutating func type(_ state: TypeState, hasHandler: Bool) {
        object { writer in
            writer.member("type", state.type)
            writer.member("has_handler", hasHandler)
            writer.member("paused", state.isPaused)
            writer.member("max_concurrency", state.limit)
            for status in TaskStatus.allCases { writer.member(status.rawValue, state.counts[status]) }
        }
    }

    private mutating func key(_ state: KeyState) {
        object { writer in
            writer.member("key", state.key)
            writer.member("held", state.held)
            writer.member("limit", state.limit)
            writer.member("waiting", state.waiting)
        }
    }

    private mutating func sink(_ sink: SinkReport) {
        object { writer in
            writer.member("name", sink.name)
            writer.member("draining", sink.isDraining)
            writer.member("connected", sink.isConnected)
            writer.member("delivered", sink.tally.delivered)
            writer.member("lost", sink.tally.lost)
            writer.member("refused", sink.tally.rejected)
            writer.member("error", sink.problem)
            writer.member("cursor", sink.cursor.description)
            writer.member("lag", sink.lag)
        }
    }

    /// Writes the condition of a sink, for `health`. No task waits for a sink, so it does not affect the overall
    /// status.
    ///
    /// - Parameter isWhole: Whether the caller has access to all types; the topic reveals a task.
    mutating func sinkCheck(_ sink: SinkCondition, isWhole: Bool) {
        object { writer in
            writer.member("status", sink.problem == nil ? "ok" : "unavailable")
            writer.member("name", sink.name)
            if let problem = sink.problem { writer.member("error", problem) }
            writer.member("refused", sink.rejected)
            guard isWhole, let last = sink.lastRejected else { return }
            writer.name("last_refused")
            writer.object { writer in
                writer.member("topic", last.rejection.topic)
                writer.member("reason", last.rejection.reason)
                writer.member("timestamp", last.at)
            }
        }
    }

    /// Writes the log in front of the store; null if there is none.
    private mutating func intake(_ intake: IntakeReport?) {
        guard let intake else { return null() }
        object { writer in
            writer.member("name", intake.name)
            writer.member("error", intake.status.problem)
            writer.member("held", intake.isHeld)
            writer.member("fed", intake.fed)
            writer.member("known", intake.known)
            writer.member("deduplicated", intake.deduplicated)
            writer.member("rejected", intake.rejected)
            writer.member("lag", intake.status.lag)
            writer.name("partitions")
            writer.array(intake.status.parts) { writer, part in
                writer.object { writer in
                    writer.member("partition", Int(part.number))
                    writer.member("committed", part.committed)
                    writer.member("end", part.end)
                    writer.member("lag", part.lag)
                    writer.member("assigned", intake.status.assigned.contains(part.number))
                }
            }
        }
    }

    private mutating func rates(_ statistics: StoreStatistics?) {
        object { writer in
            writer.member("window_seconds", 60)
            for (name, count) in Self.flows { writer.rate(name, statistics?.lastMinute[keyPath: count]) }
            writer.name("seconds")
            if let history = statistics?.history { writer.history(history) } else { writer.null() }
        }
    }

    /// Writes the counts per second, one list per kind of step.
    private mutating func history(_ history: FlowHistory) {
        object { writer in
            writer.member("start", history.start)
            for (name, count) in Self.flows {
                writer.name(name)
                writer.array(history.seconds) { $0.value($1[keyPath: count]) }
            }
        }
    }

    private static var flows: [(String, KeyPath<FlowCounts, Int>)] {
        [
            ("submitted", \.submitted), ("started", \.started), ("succeeded", \.succeeded),
            ("failed", \.failed),
            ("retried", \.retried), ("canceled", \.canceled), ("timed_out", \.timedOut),
        ]
    }

    /// Writes a rate per second, rounded to three decimals; null if unknown.
    private mutating func rate(_ name: String, _ count: Int?) {
        member(name, count.map { (Double($0) / 60 * 1000).rounded() / 1000 })
    }
}
