import CoreMetrics
import XQueueCore

extension TaskManager {
    /// Updates the gauges of this node and of the whole queue. Call it before each collection of the metrics;
    /// everything else is measured as it happens.
    public func recordMetrics() async {
        recordNode()
        do throws(QueueError) {
            let statistics = try await statistics()
            metrics.gauge(.storeUp).record(1)
            record(statistics.store)
            record(statistics.types)
            metrics.gauge(.nodes).record(statistics.nodes.count)
            for sink in statistics.sinks { record(sink) }
            if let intake = statistics.intake { record(intake) }
        } catch {
            metrics.gauge(.storeUp).record(0)
            if let intake = await intake() { record(intake) }
        }
    }

    private func recordNode() {
        let load = ownLoad
        metrics.gauge(.workersCapacity).record(load.total)
        metrics.gauge(.workersBusy).record(load.active)
        metrics.gauge(.workersStuck).record(load.stuck)
        metrics.gauge(.endsWaiting).record(pool.completer.backlog)
        metrics.gauge(.subscribers).record(eventBus.count)
        metrics.gauge(.uptime).record((clock.instant() - madeAt).inSeconds)
        metrics.gauge(.build, [("version", configuration.version)]).record(1)
    }

    private func record(_ store: StoreStatistics) {
        var counts: [String: StatusCounts] = [:]
        for state in store.types {
            let label = metrics.labels.label(of: state.type)
            counts[label] = counts[label, default: StatusCounts()] + state.counts
        }
        for (type, counts) in counts {
            for status in TaskStatus.allCases {
                metrics.gauge(.tasks, [("type", type), ("status", status.rawValue)]).record(counts[status])
            }
        }
        let flow = store.lastMinute
        for (change, count) in [
            ("submitted", flow.submitted), ("started", flow.started), ("succeeded", flow.succeeded),
            ("failed", flow.failed), ("retried", flow.retried), ("canceled", flow.canceled),
            ("timed_out", flow.timedOut),
        ] {
            metrics.gauge(.taskChanges, [("change", change)]).record(Double(count) / 60)
        }
        metrics.gauge(.oldestPending).record(store.oldestPendingAge?.inSeconds ?? 0)
        metrics.gauge(.keysInUse).record(store.keysInUse)
        metrics.gauge(.tokensHeld).record(store.keys.reduce(0) { $0 + $1.held })
        metrics.gauge(.tokensWaited).record(store.keys.reduce(0) { $0 + $1.waiting })
    }

    private func record(_ types: [TypeReport]) {
        let unserved = types.count { !$0.hasHandler && $0.state.counts[.pending] > 0 }
        metrics.gauge(.typesUnserved).record(unserved)
        metrics.gauge(.typesPaused).record(types.count { $0.state.isPaused })
    }

    private func record(_ sink: SinkReport) {
        let label = [("sink", sink.name)]
        metrics.gauge(.sinkLag, label).record(sink.lag)
        metrics.gauge(.sinkConnected, label).record(sink.isConnected ? 1 : 0)
        metrics.gauge(.sinkDraining, label).record(sink.isDraining ? 1 : 0)
    }

    private func record(_ intake: IntakeReport) {
        let label = ("intake", intake.name)
        metrics.gauge(.intakeUp, [label]).record(intake.status.problem == nil ? 1 : 0)
        metrics.gauge(.intakeHeld, [label]).record(intake.isHeld ? 1 : 0)
        // A log may have any number of parts.
        var others = IntakeStatus()
        for part in intake.status.parts {
            if part.number < Self.maxParts {
                metrics.gauge(.intakeLag, [label, ("partition", "\(part.number)")])
                    .record(part.lag)
            } else {
                others.parts.append(part)
            }
        }
        if intake.status.parts.count > Self.maxParts {
            metrics.gauge(.intakeLag, [label, ("partition", TypeLabels.others)]).record(others.lag)
        }
    }

    /// Maximum number of parts with a label of their own.
    private static let maxParts = 200
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
