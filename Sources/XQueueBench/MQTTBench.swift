#if MQTT

import Foundation
import XQueueCore
import XQueueMQTT
import XQueueTestServers

/// The rate of pushing events to a broker, compared with a bare publisher of as many messages.
struct MQTTBench {
    /// Number of events read from the log at a time.
    private static let page = 2000

    let options: BenchOptions
    let bar: ProgressBar

    static func run(_ options: BenchOptions, _ bar: ProgressBar) async throws -> [BenchResult] {
        try await MQTTBench(options: options, bar: bar).run()
    }

    /// Measures the floor and the sink for each quality of service, in messages: two per event.
    private func run() async throws -> [BenchResult] {
        let broker = try MosquittoServer(isForSpeed: true)
        try await broker.start()
        var results: [BenchResult] = []
        for quality in MQTTConfiguration.QualityOfService.allCases {
            let floor = try await bare(quality, broker.port)
            let sink = try await sink(quality, broker.port)
            results += [floor, sink.compared(with: floor, aim: 0.5)]
        }
        try await broker.kill()
        return results
    }

    private func bare(_ quality: MQTTConfiguration.QualityOfService, _ port: Int) async throws -> BenchResult
    {
        let name = "mqtt-bare-qos\(quality.rawValue)"
        bar.show(name, 0, of: 1)
        let messages = options.tasks * 2
        let topics = (0..<1000).map { "task/status/018f6b1c-9a3e-7d42-b1c9-\(100_000_000_000 + $0)" }
        let all = topics.flatMap { [$0, "task/status/status/processing"] }
        let payload = [UInt8](repeating: UInt8(ascii: "x"), count: 185)
        // It blocks, which is not allowed on Swift Concurrency's threads.
        return try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                continuation.resume(
                    with: Result {
                        let meter = Meter()
                        try BareMosquitto().publish(messages, all, payload, qos: quality.rawValue, port: port)
                        return meter.result(name, messages)
                    })
            }
            thread.start()
        }
    }

    private func sink(_ quality: MQTTConfiguration.QualityOfService, _ port: Int) async throws -> BenchResult
    {
        let name = "mqtt-qos\(quality.rawValue)"
        var configuration = MQTTConfiguration(broker: MQTTBroker(host: "127.0.0.1", port: port))
        configuration.qualityOfService = quality
        let sink = try MQTTSink(configuration: configuration, nodeID: "bench")
        let events = Self.events(options.tasks)
        try await sink.open()
        let meter = Meter()
        var delivered = 0
        while delivered < events.count {
            let page = Array(events[delivered..<min(delivered + Self.page, events.count)])
            try await sink.deliver(page)
            delivered += page.count
            bar.show(name, delivered, of: events.count)
        }
        let result = meter.result(name, events.count * 2)
        await sink.close()
        return result
    }

    private static func events(_ count: Int) -> [TaskEvent] {
        let ids = TaskIDGenerator(clock: SystemQueueClock(), random: SystemRandomSource())
        return (0..<count).map { number in
            let time = SystemQueueClock().now()
            return TaskEvent(
                cursor: EventCursor(time: time, number: Int64(number + 1)), taskID: ids.next(),
                type: "thumbnail",
                timestamp: time, workerID: "bench",
                change: .status(.init(previous: .pending, status: .processing, version: 2)))
        }
    }
}

#else

/// A placeholder in programs built without MQTT.
enum MQTTBench {
    static func run(_ options: BenchOptions, _ bar: ProgressBar) async throws -> [BenchResult] { [] }
}

#endif
