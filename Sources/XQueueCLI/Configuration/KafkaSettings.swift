#if Kafka
import Foundation
import XQueueCore
import XQueueKafka
#endif

/// Where the Kafka cluster is, as it is configured. Tasks are kept there before the store once `brokers` is set.
struct KafkaSettings: Sendable {
    /// The words of librdkafka's `security.protocol`.
    enum Transport: String, Sendable, CaseIterable {
        case plaintext
        case tls = "ssl"
        case saslPlaintext = "sasl_plaintext"
        case saslTLS = "sasl_ssl"
    }

    /// The words of librdkafka's `sasl.mechanism`.
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
    /// Nil for what the cluster does by default.
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
    /// Further properties of librdkafka: `name=value`, with semicolons between them.
    var properties: String?
}

#if Kafka

extension KafkaSettings {
    /// What a client of Kafka is to be told; nil if there is no cluster.
    ///
    /// - Parameter maxPayloadBytes: The largest payload of a task, which must fit into a message.
    /// - Throws: ``ConfigurationError`` with what is wrong; it repeats no password.
    func clientConfiguration(maxPayloadBytes: Int) throws(ConfigurationError) -> KafkaConfiguration? {
        guard let brokers else { return nil }
        for (key, file) in [("ca_file", caFile), ("cert_file", certificateFile), ("key_file", keyFile)] {
            guard let file, !FileManager.default.isReadableFile(atPath: file) else { continue }
            throw ConfigurationError(
                .configuration, ["kafka.security.\(key): the file '\(file)' cannot be read"])
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
                    .configuration, ["kafka.properties: must be name=value, with semicolons between them"])
            }
            further[String(part[..<equals])] = String(part[part.index(after: equals)...])
        }
        return further
    }
}

#endif
