import Logging
import XQueue
import XQueueCore

#if Kafka
import XQueueKafka
#endif

/// Opens the configured durable log, if any.
struct IntakeOpener {
    #if Kafka
    private let kafka: KafkaConfiguration?
    #endif
    private let logger: Logger

    /// - Throws: ``ConfigurationError`` if a value cannot be used.
    init(_ values: ServeConfiguration, logger: Logger) throws(ConfigurationError) {
        self.logger = logger
        #if Kafka
        kafka = try values.kafka.clientConfiguration(maxPayloadBytes: values.queue.maxPayloadBytes)
        #else
        guard values.kafka.brokers == nil else {
            throw ConfigurationError(
                .configuration, ["kafka.brokers: this program was built without Kafka (package trait Kafka)"])
        }
        #endif
    }

    /// Where the log is, for people; nil without one.
    var place: String? {
        #if Kafka
        return kafka.map { "kafka \($0.brokers.joined(separator: ",")), topic \($0.topic)" }
        #else
        return nil
        #endif
    }

    /// Opens the log, which connects in the background: an unreachable cluster must not keep a node from starting.
    ///
    /// - Throws: ``ConfigurationError`` if librdkafka rejects a property.
    func open() throws(ConfigurationError) -> (any TaskIntake)? {
        #if Kafka
        guard let kafka else { return nil }
        do {
            return try KafkaIntake(configuration: kafka, logger: logger)
        } catch {
            throw ConfigurationError(.configuration, ["kafka: \(error.message)"])
        }
        #else
        return nil
        #endif
    }

    /// Returns the log for replaying it; nil without one.
    ///
    /// - Throws: ``ConfigurationError`` if librdkafka rejects a property.
    func archive() throws(ConfigurationError) -> (any IntakeArchive)? {
        #if Kafka
        guard let kafka else { return nil }
        do {
            return try KafkaArchive(configuration: kafka, logger: logger)
        } catch {
            throw ConfigurationError(.configuration, ["kafka: \(error.message)"])
        }
        #else
        return nil
        #endif
    }

    /// Has the manager record which tasks have ended, if a status topic is configured.
    func addStatusSink(to manager: TaskManager) throws(ConfigurationError) {
        #if Kafka
        guard let kafka, kafka.statusTopic != nil else { return }
        do {
            manager.add(try KafkaStatusSink(configuration: kafka, logger: logger))
        } catch {
            throw ConfigurationError(.configuration, ["kafka: \(error.message)"])
        }
        #endif
    }
}
