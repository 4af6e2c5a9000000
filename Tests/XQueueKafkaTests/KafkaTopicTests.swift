#if Kafka

import Logging
import Synchronization
import Testing
import XQueueCore
import XQueueKafka
import XQueueTestServers
import XQueueTesting

@Suite("Topics that others have made", .timeLimit(.minutes(5))) struct KafkaTopicTests {
    @Test("Those that are missing are made as they must be") func made() async throws {
        let fixture = try await KafkaFixture()
        let log = Warnings()
        let intake = try KafkaIntake(configuration: fixture.configuration(), logger: log.logger)
        try await intake.open()
        #expect(await intake.status().partitions.count == 4)
        #expect(log.reasons == [])
        await intake.close()
    }

    @Test("Another number of partitions is told, once, and used") func partitions() async throws {
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

/// Keeps the reasons that stand in warnings.
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
