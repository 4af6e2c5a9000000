#if Kafka

import Logging
import Synchronization
import Testing
import XQueueCore
import XQueueTestServers

@testable import XQueueKafka

@Suite("Kafka topics", .timeLimit(.minutes(5))) struct KafkaTopicTests {
    @Test("Missing topics are created correctly") func made() async throws {
        let fixture = try await KafkaFixture()
        let log = Warnings()
        let intake = try KafkaIntake(configuration: fixture.configuration(), logger: log.logger)
        try await intake.open()
        #expect(await intake.status().parts.count == 4)
        #expect(log.reasons == [])
        await intake.close()
    }

    @Test(
        "Lag stays valid whatever offsets the brokers report",
        arguments: [nil, .min, -1001, -1, 0, 7, .max] as [Int64?],
        [nil, .min, -1, 0, 9, .max] as [Int64?])
    func extremes(_ one: Int64?, _ other: Int64?) {
        for (committed, start, end) in [(one, other, other), (other, one, other), (other, other, one)] {
            let partition = KafkaTopics.partition(0, committed: committed, start: start, end: end)
            #expect(partition.lag >= 0 && partition.end >= 0 && partition.committed ?? 0 >= 0)
            let status = IntakeStatus(parts: [partition, partition, partition])
            #expect(status.lag >= 0)
            #expect([IntakeSpan(part: 0, start: start ?? 0, end: end ?? 0)].positions >= 0)
        }
    }

    @Test("A different partition count is logged once and used") func partitions() async throws {
        let fixture = try await KafkaFixture()
        try await fixture.broker.create(fixture.topic, partitions: 3)
        let log = Warnings()
        let intake = try KafkaIntake(configuration: fixture.configuration(), logger: log.logger)
        try await intake.open()
        try await intake.open()
        #expect(log.reasons.count { $0.contains("3 partitions, not 4") } == 1)
        try await intake.append(IntakeMessage.numbered(0..<20))
        #expect(try await intake.records(20).count == 20)
        await intake.close()
    }
}

/// Collects the reasons of logged warnings.
private final class Warnings: Sendable {
    private let kept = Mutex<[String]>([])

    var reasons: [String] { kept.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { _ in Handler(warnings: self) }
    }

    private struct Handler: LogHandler {
        let warnings: Warnings
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.warning

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            guard let reason = event.metadata?["reason"] else { return }
            warnings.kept.withLock { $0.append("\(reason)") }
        }
    }
}

#endif
