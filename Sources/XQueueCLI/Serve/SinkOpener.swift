import XQueue

#if MQTT
import XQueueMQTT
#endif

/// The configured event sinks.
struct SinkOpener {
    #if MQTT
    private let mqtt: MQTTConfiguration?
    #endif

    /// Reads the configuration without connecting: a broker that is down must not keep a node from working.
    ///
    /// - Throws: ``ConfigurationError`` if a value cannot be used.
    init(_ values: ServeConfiguration) throws(ConfigurationError) {
        #if MQTT
        mqtt = try values.mqtt.sinkConfiguration()
        #else
        guard values.mqtt.broker == nil else {
            throw ConfigurationError(
                .configuration, ["mqtt.broker: this program was built without MQTT (package trait MQTT)"])
        }
        #endif
    }

    /// Adds the sinks to the manager.
    func open(for manager: TaskManager) throws {
        #if MQTT
        guard let mqtt else { return }
        manager.add(try MQTTSink(configuration: mqtt, nodeID: manager.workerID))
        #endif
    }
}
