#if MQTT
import Foundation
import XQueueMQTT
#endif

/// Configuration of the MQTT broker. Setting `broker` pushes events there.
struct MQTTSettings: Sendable {
    /// The protocol versions, as written in the configuration.
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
    /// Returns the configuration of the sink; nil without a broker.
    ///
    /// - Throws: ``ConfigurationError`` for an unusable value; no message repeats a password.
    func sinkConfiguration() throws(ConfigurationError) -> MQTTConfiguration? {
        guard let broker else { return nil }
        for (key, file) in [("ca_file", caFile), ("cert_file", certificateFile), ("key_file", keyFile)] {
            guard let file, !FileManager.default.isReadableFile(atPath: file) else { continue }
            throw ConfigurationError(.configuration, ["mqtt.\(key): cannot read '\(file)'"])
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
