import CoreMetrics
import Synchronization

/// An integer counter.
final class PrometheusCounter: CounterHandler, PrometheusSeries {
    private let count = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        count.wrappingAdd(max(amount, 0), ordering: .relaxed)
    }

    /// Does nothing: Prometheus counters never decrease.
    func reset() {}

    func write(_ name: String, _ labels: String, into text: inout String) {
        let labels = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)\(labels) \(count.load(ordering: .relaxed))\n"
    }
}

/// A floating-point counter.
final class PrometheusSum: FloatingPointCounterHandler, PrometheusSeries {
    private let sum = AtomicDouble()

    func increment(by amount: Double) {
        sum.add(max(amount, 0))
    }

    func reset() {}

    func write(_ name: String, _ labels: String, into text: inout String) {
        let labels = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)\(labels) \(PrometheusText.number(sum.value))\n"
    }
}

/// A gauge.
final class PrometheusGauge: RecorderHandler, MeterHandler, PrometheusSeries {
    private let level = AtomicDouble()

    func record(_ value: Int64) { level.set(Double(value)) }
    func record(_ value: Double) { level.set(value) }
    func set(_ value: Int64) { level.set(Double(value)) }
    func set(_ value: Double) { level.set(value) }
    func increment(by amount: Double) { level.add(amount) }
    func decrement(by amount: Double) { level.add(-amount) }

    func write(_ name: String, _ labels: String, into text: inout String) {
        let labels = labels.isEmpty ? "" : "{\(labels)}"
        text += "\(name)\(labels) \(PrometheusText.number(level.value))\n"
    }
}

/// A number that can be changed concurrently.
private final class AtomicDouble: Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func add(_ amount: Double) {
        var current = bits.load(ordering: .relaxed)
        while true {
            let next = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = bits.compareExchange(
                expected: current, desired: next, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
