#if Kafka

public import Logging
public import XQueueCore

/// Reads the task topic again, and the status topic's record of ended tasks.
public final class KafkaArchive: IntakeArchive {
    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let topics: KafkaTopics
    private let tasks: KafkaScan

    /// Connects in the background; an unreachable cluster shows up as errors of the calls.
    ///
    /// - Throws: ``XQueueCore/IntakeError`` with code `invalid` if a value is invalid.
    public init(
        configuration: KafkaConfiguration, logger: Logger = Logger(label: "xqueue.kafka")
    ) throws(IntakeError) {
        try configuration.check()
        self.configuration = configuration
        self.logger = logger
        topics = try KafkaTopics(configuration, logger: logger)
        tasks = try KafkaScan(configuration, topic: configuration.topic, logger: logger)
    }

    public func open(
        from start: IntakeStart, part partition: Int32?
    ) async throws(IntakeError) -> [IntakeSpan] {
        var spans = try await topics.spans(of: configuration.topic, from: start)
        if let partition {
            spans.removeAll { $0.part != partition }
            guard !spans.isEmpty else {
                throw IntakeError(.invalid, "\(configuration.topic) has no partition \(partition)")
            }
        }
        try await tasks.start(spans)
        return spans
    }

    public func read(limit: Int) async throws(IntakeError) -> [IntakeRecord] {
        try await tasks.read(limit: limit)
    }

    public func ended() async throws(IntakeError) -> Set<TaskID>? {
        guard let topic = configuration.statusTopic else { return nil }
        let spans = try await topics.spans(of: topic, from: .position(0))
        let scan = try KafkaScan(configuration, topic: topic, logger: logger)
        do throws(IntakeError) {
            let ended = try await Self.ended(scan, spans)
            await scan.close()
            return ended
        } catch {
            await scan.close()
            throw error
        }
    }

    /// The last record for a task counts: a value means it ended, a tombstone that it is pending again.
    private static func ended(
        _ scan: KafkaScan, _ spans: [IntakeSpan]
    ) async throws(IntakeError) -> Set<TaskID> {
        try await scan.start(spans)
        var ended: Set<TaskID> = []
        while true {
            let records = try await scan.read(limit: 10_000)
            guard !records.isEmpty else { return ended }
            for record in records {
                guard let id = record.key.flatMap({ TaskID(String(decoding: $0, as: UTF8.self)) }) else {
                    continue
                }
                if record.value.isEmpty { ended.remove(id) } else { ended.insert(id) }
            }
        }
    }

    public func close() async {
        await tasks.close()
    }
}

#endif
