#if Kafka

import Foundation
import XQueue
import XQueueCore
import XQueueKafka
import XQueueTestServers

/// The cost of Kafka in front of the store for submissions, and the rate of moving tasks into the store.
struct KafkaBench {
    /// Number of tasks per batch submission.
    private static let batch = 100

    let options: BenchOptions
    let place: any BenchPlace
    let bar: ProgressBar
    let brokers: String

    static func run(
        _ options: BenchOptions, _ place: any BenchPlace, _ bar: ProgressBar
    ) async throws -> [BenchResult] {
        var results: [BenchResult] = []
        func measure(_ brokers: String) async throws {
            let bench = KafkaBench(options: options, place: place, bar: bar, brokers: brokers)
            results = try await [bench.append()] + bench.submits() + bench.feed()
        }
        if let brokers = options.kafkaBrokers {
            try await measure(brokers)
        } else {
            let broker: TansuServer
            do {
                broker = try TansuServer()
                try await broker.start()
            } catch let error as ProgramFile.Missing {
                throw BenchFailure(description: "\(error); --kafka-brokers uses a running broker")
            }
            try await measure(broker.address)
            try await broker.kill()
        }
        return results
    }

    // MARK: - Appending

    /// Measures the log alone: as many callers as there are connections below, each with one message at a time.
    private func append() async throws -> BenchResult {
        let intake = try await unreadIntake()
        let value = try message()
        let meter = Meter()
        let latencies = try await Callers.measure(HTTPBench.connections, doing: options.tasks) { done in
            bar.show("kafka-append", done, of: options.tasks)
        } _: { number, _ in
            try await intake.append([IntakeMessage(key: "\(number)", keepsOrder: false, value: value)])
        }
        let result = meter.result("kafka-append", options.tasks, latencies)
        await intake.close()
        return result
    }

    /// Returns a task as another producer would write it.
    private func message() throws -> String {
        let payload = try BenchPayload.make(bytes: options.payload).text
        return #"{"type":"\#(BenchQueue.type)","payload":\#(payload),"max_retry":3}"#
    }

    // MARK: - Submitting

    private func submits() async throws -> [BenchResult] {
        var results: [BenchResult] = []
        for (kind, batch) in [("single", 1), ("batch", Self.batch)] {
            let off = try await submit("submit-\(kind)", batch: batch, intake: nil)
            let on = try await submit("kafka-submit-\(kind)", batch: batch, intake: try intake())
            results += [off, on.compared(with: off, aim: 0.5)]
        }
        return results
    }

    /// Submits to a node that also moves tasks into the store, as every node does; no worker runs the tasks.
    private func submit(
        _ name: String, batch: Int, intake: KafkaIntake?
    ) async throws -> BenchResult {
        let queue = try await BenchQueue(options, place, intake: intake, runsWorkers: false)
        return try await running(queue) {
            // Start reading before measuring: a consumer needs some seconds to get its partitions.
            if intake != nil {
                _ = try await queue.submit(1, submitters: 1, batch: 1) { _ in }
                try await feeds(queue, atLeast: 1)
            }
            return try await HTTPBench(options: options, place: place, bar: bar)
                .submit(to: queue, name, batch: batch)
        }
    }

    // MARK: - Feeding

    /// Inserts the same tasks directly in batches of the same size, then moves those of a topic.
    private func feed() async throws -> [BenchResult] {
        let size = IntakeBatch().size
        let store = try await place.makeStore()
        let load = try StoreLoad(store, batch: size, payloadBytes: options.payload)
        var meter = try await Meter(place)
        try await load.insert(options.tasks) { bar.show("insert", $0, of: options.tasks) }
        let floor = try await meter.fullResult("insert", options.tasks)
        await store.close()

        let intake = try await unreadIntake()
        try await fill(intake)
        let queue = try await BenchQueue(options, place, intake: intake, runsWorkers: false)
        let feed = try await running(queue) {
            // The first batch shows that it has its partitions.
            try await feeds(queue, atLeast: 1)
            let before = queue.manager.intakeCounts?.fed ?? 0
            meter = try await Meter(place)
            try await feeds(queue, atLeast: options.tasks)
            return try await meter.fullResult("kafka-feed", options.tasks - before)
        }
        return [floor, feed.compared(with: floor, aim: 0.6)]
    }

    /// Writes the tasks as another producer would.
    private func fill(_ intake: KafkaIntake) async throws {
        let value = try message()
        var done = 0
        while done < options.tasks {
            let size = min(1000, options.tasks - done)
            try await intake.append((done..<done + size).map { IntakeMessage(key: "\($0)", value: value) })
            done += size
            bar.show("filling", done, of: options.tasks)
        }
    }

    /// Waits until this node has moved `count` tasks into the store, or found them there.
    private func feeds(_ queue: BenchQueue, atLeast count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(300)
        while true {
            let counts = queue.manager.intakeCounts
            let done = (counts?.fed ?? 0) + (counts?.known ?? 0)
            guard done < count else { return }
            guard ContinuousClock.now < deadline else {
                throw BenchFailure(
                    description: "only \(done) of \(count) tasks were moved from the log: "
                        + (counts?.problem ?? "no error"))
            }
            if count > 1 { bar.show("kafka-feed", done, of: count) }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    // MARK: - Setup

    /// Creates a new topic that has no consumer.
    private func unreadIntake() async throws -> KafkaIntake {
        let intake = try intake()
        try await intake.open()
        await intake.leave()
        return intake
    }

    /// Creates an intake with a new topic.
    private func intake() throws -> KafkaIntake {
        var configuration = KafkaConfiguration(brokers: brokers.split(separator: ",").map(String.init))
        configuration.topic = "xqueue-bench-\(UUID().uuidString)"
        configuration.groupID = configuration.topic
        return try KafkaIntake(configuration: configuration, logger: .silent)
    }

    private func running<Value>(_ queue: BenchQueue, _ body: () async throws -> Value) async throws -> Value {
        // Canceled below in any case.
        let running = Task { try await queue.manager.run() }
        do {
            let value = try await body()
            running.cancel()
            try await running.value
            return value
        } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
    }
}

#else

/// A placeholder in programs built without Kafka.
enum KafkaBench {
    static func run(
        _ options: BenchOptions, _ place: any BenchPlace, _ bar: ProgressBar
    ) async throws -> [BenchResult] { [] }
}

#endif
