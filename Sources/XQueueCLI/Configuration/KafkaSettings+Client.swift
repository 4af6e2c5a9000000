#if Kafka

import Foundation
import XQueueCore
import XQueueKafka

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
