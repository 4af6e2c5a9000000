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
