import CoreMetrics
import Testing

@testable import XQueueServer

@Suite("Prometheus registry") struct PrometheusRegistryTests {
    private let registry = PrometheusRegistry(maxSeries: 5)

    private func lines(_ name: String) -> [String] {
        registry.text().split(separator: "\n").map(String.init).filter { $0.contains(name) }
    }

    @Test("A counter is shared by all its users, and never decreases") func counter() {
        for _ in 0..<2 {
            let counter = Counter(label: "a_total", dimensions: [("type", "x")], factory: registry)
            counter.increment(by: 3)
            counter.increment(by: -1)
            counter.reset()
            counter.destroy()
        }
        let sum = FloatingPointCounter(label: "b_total", factory: registry)
        for _ in 0..<4 { sum.increment(by: 0.25) }
        sum.increment(by: -5.0)
        #expect(
            lines("a_total") == [
                "# HELP a_total Measured by a_total.", "# TYPE a_total counter", #"a_total{type="x"} 6"#,
            ])
        #expect(lines("b_total").last == "b_total 1")
    }

    @Test("Gauges hold the last recorded value") func gauge() {
        let gauge = Gauge(label: "level", factory: registry)
        gauge.record(5)
        gauge.record(2.5)
        let meter = Meter(label: "depth", factory: registry)
        meter.set(10)
        meter.decrement(by: 3.5)
        #expect(lines("level").last == "level 2.5")
        #expect(lines("depth").last == "depth 6.5")
    }

    @Test("A histogram counts each time once, in cumulative buckets of seconds") func histogram() {
        let timer = Timer(label: "t_seconds", dimensions: [("v", "a")], factory: registry)
        for milliseconds in [0, 1, 2, 700, 7_200_000] { timer.recordMilliseconds(milliseconds) }
        let lines = lines("t_seconds")
        #expect(lines.contains(#"t_seconds_bucket{v="a",le="0.001"} 2"#))
        #expect(lines.contains(#"t_seconds_bucket{v="a",le="0.005"} 3"#))
        #expect(lines.contains(#"t_seconds_bucket{v="a",le="1"} 4"#))
        #expect(lines.contains(#"t_seconds_bucket{v="a",le="3600"} 4"#))
        #expect(lines.contains(#"t_seconds_bucket{v="a",le="+Inf"} 5"#))
        #expect(lines.suffix(2) == [#"t_seconds_sum{v="a"} 7200.703"#, #"t_seconds_count{v="a"} 5"#])
        Recorder(label: "size", factory: registry).record(1000)
        #expect(self.lines("size_bucket").contains(#"size_bucket{le="1000"} 1"#))
    }

    @Test("Names and labels are sanitized") func names() {
        Counter(label: "1 é-x", dimensions: [("a.b", "\"\\\n")], factory: registry).increment()
        #expect(lines("{").last == #"_1____x{a_b="\"\\\n"} 1"#)
    }

    @Test("Instruments beyond the limit work, are not written, and are counted") func bounds() {
        for number in 0..<20 {
            Counter(label: "c_total", dimensions: [("n", "\(number)")], factory: registry).increment()
        }
        Gauge(label: "c_total", factory: registry).record(1)
        #expect(lines("c_total{").count == 5)
        #expect(lines("xqueue_metrics_series").last == "xqueue_metrics_series 5")
        #expect(lines("xqueue_metrics_refused_total").last == "xqueue_metrics_refused_total 16")
    }

    @Test("Concurrent recording loses nothing") func concurrent() async {
        let timer = Timer(label: "t_seconds", factory: registry)
        let sum = FloatingPointCounter(label: "s_total", factory: registry)
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        timer.recordMilliseconds(2)
                        sum.increment(by: 0.5)
                    }
                }
            }
        }
        #expect(lines("t_seconds_count").last == "t_seconds_count 8000")
        #expect(lines("t_seconds_sum").last == "t_seconds_sum 16")
        #expect(lines("s_total").last == "s_total 4000")
    }
}
