#if MQTT

import Foundation
import XQueueMQTT

extension MQTTSettings {
    /// What the sink is to be told; nil if there is no broker.
    ///
    /// - Throws: ``ConfigurationError`` with what is wrong; it repeats no password.
    func sinkConfiguration() throws(ConfigurationError) -> MQTTConfiguration? {
        guard let broker else { return nil }
        for (key, file) in [("ca_file", caFile), ("cert_file", certificateFile), ("key_file", keyFile)] {
            guard let file, !FileManager.default.isReadableFile(atPath: file) else { continue }
            throw ConfigurationError(.configuration, ["mqtt.\(key): the file '\(file)' cannot be read"])
        }
        do {
            var configuration = MQTTConfiguration(broker: try MQTTBroker(broker))
            configuration.clientID = clientID
            configuration.qualityOfService =
                MQTTConfiguration.QualityOfService(rawValue: qualityOfService) ?? .atLeastOnce
            configuration.topic = topic
            configuration.username = username
            configuration.password = password
            configuration.caFile = caFile
            configuration.certificateFile = certificateFile
            configuration.keyFile = keyFile
            configuration.retains = retains
            configuration.version = version == .v5 ? .v5 : .v3
            configuration.keepAlive = keepAlive
            try configuration.check()
            return configuration
        } catch {
            throw ConfigurationError(.configuration, ["mqtt: \(error.message)"])
        }
    }
}

#endif
