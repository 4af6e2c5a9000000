import CoreMetrics
import Synchronization

/// A histogram.
///
/// Recording takes two atomic additions. The total is derived from the bucket counts, so the series always adds up,
/// even during concurrent recording.
final class PrometheusHistogram: TimerHandler, RecorderHandler, PrometheusSeries {
    /// The upper bounds of buckets.
    struct Bounds: Sendable {
        /// In the recorded unit, ascending.
        fileprivate let values: [Int64]
        /// As written in the output.
        fileprivate let texts: [String]
        /// Number of recorded units in one written unit.
        fileprivate let scale: Double

        /// From a millisecond to an hour, recorded in nanoseconds and written in seconds.
        static let seconds = Bounds(
            values: [1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000, 300_000, 3_600_000]
                .map { $0 * 1_000_000 },
            scale: 1e9)
        static let powersOfTen = Bounds(
            values: (0..<10).map { power in (0..<power).reduce(1) { value, _ in value * 10 } }, scale: 1)

        private init(values: [Int64], scale: Double) {
            self.values = values
            self.scale = scale
            texts = values.map { PrometheusText.number(Double($0) / scale) }
        }
    }

    private let bounds: Bounds
    private let buckets: Buckets
    private let sum = Atomic<Int64>(0)

    init(_ bounds: Bounds) {
        self.bounds = bounds
        buckets = Buckets(count: bounds.values.count + 1)
    }

    func recordNanoseconds(_ duration: Int64) { record(duration) }

    func record(_ value: Double) {
        record(value.isFinite ? Int64(min(max(value, 0), 9e18)) : 0)
    }

    func record(_ value: Int64) {
        let value = max(value, 0)
        buckets.increment(bounds.values.firstIndex { value <= $0 } ?? bounds.values.count)
        sum.wrappingAdd(value, ordering: .relaxed)
    }

    func write(_ name: String, _ labels: String, into text: inout String) {
        let lead = labels.isEmpty ? "" : labels + ","
        var count: Int64 = 0
        for (index, bound) in (bounds.texts + ["+Inf"]).enumerated() {
            count += buckets[index]
            text += "\(name)_bucket{\(lead)le=\"\(bound)\"} \(count)\n"
        }
        let labels = labels.isEmpty ? "" : "{\(labels)}"
        let total = Double(sum.load(ordering: .relaxed)) / bounds.scale
        text += "\(name)_sum\(labels) \(PrometheusText.number(total))\n\(name)_count\(labels) \(count)\n"
    }
}

/// A fixed number of counts.
///
/// `@unchecked` because of the pointer, which never changes and is valid until deinit; what it points to is atomic.
private final class Buckets: @unchecked Sendable {
    private let counts: UnsafeMutablePointer<Atomic<Int64>>
    private let count: Int

    init(count: Int) {
        self.count = count
        counts = .allocate(capacity: count)
        for index in 0..<count { (counts + index).initialize(to: Atomic(0)) }
    }

    deinit {
        counts.deinitialize(count: count)
        counts.deallocate()
    }

    func increment(_ index: Int) {
        counts[index].wrappingAdd(1, ordering: .relaxed)
    }

    subscript(index: Int) -> Int64 { counts[index].load(ordering: .relaxed) }
}
