extension SettingsTable {
    /// Where the MQTT broker is; setting `mqtt.broker` pushes events there.
    static let mqtt: [Setting] = [
        Setting(
            "mqtt.broker", .address(of: "an address of an MQTT broker"), \.mqtt.broker,
            "The MQTT broker to push events to: tcp://localhost:1883, mqtts://, ws:// or wss://; empty for none."
        ),
        Setting(
            "mqtt.client_id", .text, \.mqtt.clientID,
            "The name of the client at the broker; the node's name is added to it."),
        Setting(
            "mqtt.qos", .integer(0...2), \.mqtt.qualityOfService,
            "The quality of service: 0 may lose messages, 1 may repeat some, 2 may repeat them after failures."
        ),
        Setting("mqtt.topic", .text, \.mqtt.topic, "What the topics of tasks start with."),
        Setting("mqtt.username", .optionalText, \.mqtt.username, "The user at the broker; empty for none."),
        Setting(
            "mqtt.password", .secret, \.mqtt.password, "The password at the broker; best set by variable."),
        Setting(
            "mqtt.ca_file", .optionalPath, \.mqtt.caFile,
            "The certificates to trust, in PEM; empty for the system's."),
        Setting(
            "mqtt.cert_file", .optionalPath, \.mqtt.certificateFile,
            "The certificate to show to the broker, in PEM; empty for none."),
        Setting(
            "mqtt.key_file", .optionalPath, \.mqtt.keyFile, "The private key of that certificate, in PEM."),
        Setting(
            "mqtt.retain", .flag, \.mqtt.retains,
            "Have the broker keep the last message of each topic; its memory grows with every task."),
        Setting("mqtt.version", .choice, \.mqtt.version, "The version of the protocol."),
        Setting(
            "mqtt.keep_alive", .duration(.seconds(5)...Duration.seconds(64_800)), \.mqtt.keepAlive,
            "How long the connection to the broker may rest before it is tried."),
    ]
}
