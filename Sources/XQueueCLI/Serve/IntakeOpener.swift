import Logging
import XQueue
import XQueueCore

#if Kafka
import XQueueKafka
#endif

/// Opens the durable log the configuration names, if it names one.
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

    /// Where the log is, for people; nil if there is none.
    var place: String? {
        #if Kafka
        return kafka.map { "kafka \($0.brokers.joined(separator: ",")), topic \($0.topic)" }
        #else
        return nil
        #endif
    }

    /// Connects in the background: a cluster that is out of reach keeps no node from what it can do without.
    ///
    /// - Throws: ``ConfigurationError`` if librdkafka refuses a property.
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

    /// The log, to be read once more; nil if there is none.
    ///
    /// - Throws: ``ConfigurationError`` if librdkafka refuses a property.
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

    /// Has the manager write which tasks have ended, if that is wanted.
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
