#if MQTT
import Foundation
import XQueueMQTT
#endif

/// Where the MQTT broker is, as it is configured. Events are pushed there once `broker` is set.
struct MQTTSettings: Sendable {
    /// The protocol's versions, as people write them.
    enum Version: String, Sendable, CaseIterable {
        case v3 = "3.1.1"
        case v5 = "5"
    }

    /// Such as `tcp://localhost:1883`; nil for no broker.
    var broker: String?
    var clientID = "task-queue-notifier"
    var qualityOfService = 1
    var topic = "task/status"
    var username: String?
    var password: String?
    var caFile: String?
    var certificateFile: String?
    var keyFile: String?
    var retains = false
    var version = Version.v3
    var keepAlive = Duration.seconds(60)
}

#if MQTT

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
