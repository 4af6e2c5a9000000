public import CoreMetrics
import Synchronization
import XQueue

/// Collects this process's metrics and writes them in Prometheus text format.
///
/// ```swift
/// let metrics = PrometheusRegistry()
/// let manager = TaskManager(store: store, metrics: metrics)
/// let server = QueueServer(manager: manager, configuration: configuration, logger: logger, metrics: metrics)
/// ```
///
/// Making an instrument takes a lock; using one takes an atomic operation or two. The registry holds at most
/// ``maxSeries`` series: instruments beyond that can be used, but are not written.
public final class PrometheusRegistry: MetricsFactory {
    /// Maximum number of series; a histogram counts as one.
    public let maxSeries: Int

    private struct State {
        var families: [String: PrometheusFamily] = [:]
        var series = 0
        var dropped = 0
    }

    private let state = Mutex(State())
    private static let help = Dictionary(
        uniqueKeysWithValues: MetricName.allCases.map { ($0.rawValue, $0.help) })

    public init(maxSeries: Int = 20_000) {
        self.maxSeries = maxSeries
    }

    // MARK: - MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        instrument(.counter, label, dimensions) { PrometheusCounter() }
    }

    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        instrument(.counter, label, dimensions) { PrometheusSum() }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        instrument(.gauge, label, dimensions) { PrometheusGauge() }
    }

    public func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            return instrument(.histogram, label, dimensions) { PrometheusHistogram(.powersOfTen) }
        }
        return instrument(.gauge, label, dimensions) { PrometheusGauge() }
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        instrument(.histogram, label, dimensions) { PrometheusHistogram(.seconds) }
    }

    // Instruments are never removed: a counter made again would restart at zero.
    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// Returns the instrument with this name and these labels, made if there is none.
    ///
    /// Beyond the series limit, or if the name is registered with another type, the instrument is not written.
    private func instrument<Instrument: PrometheusSeries>(
        _ kind: PrometheusFamily.Kind, _ label: String, _ dimensions: [(String, String)],
        _ make: () -> Instrument
    ) -> Instrument {
        let name = PrometheusText.name(label)
        let labels = PrometheusText.labels(dimensions)
        return state.withLock { state in
            if let known = state.families[name]?.series[labels] as? Instrument { return known }
            let made = make()
            var family =
                state.families[name]
                ?? PrometheusFamily(kind: kind, help: Self.help[name] ?? "Measured by \(label).")
            guard family.kind == kind, family.series[labels] == nil, state.series < maxSeries else {
                state.dropped += 1
                return made
            }
            family.series[labels] = made
            state.families[name] = family
            state.series += 1
            return made
        }
    }

    // MARK: - Output

    /// Returns all metrics, in text format 0.0.4.
    ///
    /// - Parameter types: Limits the output to the series of these task types; nil for all series.
    func text(ofTypes types: Set<String>? = nil) -> String {
        if let types { return text(ofTypes: types) }
        let (families, series, dropped) = state.withLock { ($0.families, $0.series, $0.dropped) }
        var text = ""
        text.reserveCapacity(200 * series + 4096)
        for (name, family) in families.sorted(by: { $0.key < $1.key }) { family.write(name, into: &text) }
        let own: [(String, PrometheusFamily.Kind, String, Int)] = [
            ("xqueue_metrics_series", .gauge, "Series kept; a histogram counts as one.", series),
            (
                "xqueue_metrics_refused_total", .counter,
                "Instruments dropped: series limit reached or name registered with another type.", dropped
            ),
        ]
        for (name, kind, help, value) in own {
            PrometheusText.head(name, kind.rawValue, help, into: &text)
            text += "\(name) \(value)\n"
        }
        return text
    }

    private func text(ofTypes types: Set<String>) -> String {
        let labels = types.map { PrometheusText.labels([("type", $0)]) }
        var text = ""
        for (name, var family) in state.withLock({ $0.families }).sorted(by: { $0.key < $1.key }) {
            family.series = family.series.filter { series in
                // Quotes within values are escaped, so this matches only a whole label.
                labels.contains { series.key.hasPrefix($0) || series.key.contains(",\($0)") }
            }
            if !family.series.isEmpty { family.write(name, into: &text) }
        }
        return text
    }
}
