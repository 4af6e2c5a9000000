#if Kafka
import Foundation
import XQueueCore
import XQueueKafka
#endif

/// Configuration of Kafka. Setting `brokers` puts it in front of the store as a durable log.
struct KafkaSettings: Sendable {
    /// The values of librdkafka's `security.protocol`.
    enum Transport: String, Sendable, CaseIterable {
        case plaintext
        case tls = "ssl"
        case saslPlaintext = "sasl_plaintext"
        case saslTLS = "sasl_ssl"
    }

    /// The values of librdkafka's `sasl.mechanism`.
    enum Mechanism: String, Sendable, CaseIterable {
        case plain = "PLAIN"
        case scramSHA256 = "SCRAM-SHA-256"
        case scramSHA512 = "SCRAM-SHA-512"
    }

    /// Such as `localhost:9092,other:9092`; nil for no cluster.
    var brokers: String?
    var topic = "task-queue"
    var groupID = "task-consumer"
    var partitions = 6
    /// Nil for the cluster's default.
    var replication: Int?
    var statusTopic: String?
    var deliveryTimeout = Duration.seconds(10)
    var transport = Transport.plaintext
    var mechanism = Mechanism.plain
    var username: String?
    var password: String?
    var caFile: String?
    var certificateFile: String?
    var keyFile: String?
    /// Further librdkafka properties: `name=value`, separated by semicolons.
    var properties: String?
}

#if Kafka

extension KafkaSettings {
    /// Returns the configuration of a Kafka client; nil without a cluster.
    ///
    /// - Parameter maxPayloadBytes: Maximum payload of a task, which must fit into a message.
    /// - Throws: ``ConfigurationError`` for an unusable value; no message repeats a password.
    func clientConfiguration(maxPayloadBytes: Int) throws(ConfigurationError) -> KafkaConfiguration? {
        guard let brokers else { return nil }
        for (key, file) in [("ca_file", caFile), ("cert_file", certificateFile), ("key_file", keyFile)] {
            guard let file, !FileManager.default.isReadableFile(atPath: file) else { continue }
            throw ConfigurationError(
                .configuration, ["kafka.security.\(key): cannot read '\(file)'"])
        }
        var configuration = KafkaConfiguration(
            brokers: brokers.split(separator: ",", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) })
        configuration.topic = topic
        configuration.groupID = groupID
        configuration.partitions = partitions
        configuration.replication = replication
        configuration.statusTopic = statusTopic
        configuration.deliveryTimeout = deliveryTimeout
        configuration.maxMessageBytes = maxPayloadBytes + (64 << 10)
        configuration.security.transport = .init(rawValue: transport.rawValue) ?? .plaintext
        configuration.security.mechanism = .init(rawValue: mechanism.rawValue) ?? .plain
        configuration.security.username = username
        configuration.security.password = password
        configuration.security.caFile = caFile
        configuration.security.certificateFile = certificateFile
        configuration.security.keyFile = keyFile
        configuration.properties = try furtherProperties()
        do {
            try configuration.check()
        } catch {
            throw ConfigurationError(.configuration, ["kafka: \(error.message)"])
        }
        return configuration
    }

    private func furtherProperties() throws(ConfigurationError) -> [String: String] {
        var further: [String: String] = [:]
        for part in (properties ?? "").split(separator: ";") {
            let part = part.trimmingCharacters(in: .whitespaces)
            guard !part.isEmpty else { continue }
            guard let equals = part.firstIndex(of: "="), equals != part.startIndex else {
                throw ConfigurationError(
                    .configuration, ["kafka.properties: must be name=value pairs separated by semicolons"])
            }
            further[String(part[..<equals])] = String(part[part.index(after: equals)...])
        }
        return further
    }
}

#endif
