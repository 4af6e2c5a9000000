import XQueue

#if MQTT
import XQueueMQTT
#endif

/// The places the configuration has events pushed to.
struct SinkOpener {
    #if MQTT
    private let mqtt: MQTTConfiguration?
    #endif

    /// Connects to nothing yet: a broker that is down keeps no node from its work.
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

    /// Has the manager push its events there.
    func open(for manager: TaskManager) throws {
        #if MQTT
        guard let mqtt else { return }
        manager.add(try MQTTSink(configuration: mqtt, nodeID: manager.workerID))
        #endif
    }
}
