#if MQTT

import CMosquitto

extension MosquittoConnection {
    func configure() throws(MQTTError) {
        let configuration = settings.configuration
        try require(
            mosquitto_int_option(
                handle, MOSQ_OPT_PROTOCOL_VERSION,
                configuration.version == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311), "mqtt.version")
        mosquitto_max_inflight_messages_set(handle, UInt32(Self.maxOutstanding))
        if let username = configuration.username {
            try require(
                mosquitto_username_pw_set(handle, username, configuration.password), "mqtt.username")
        }
        if settings.presence != .none {
            let will = settings.presence(isOnline: false)
            try require(
                mosquitto_will_set(
                    handle, settings.presenceTopic, Int32(will.count), will,
                    Int32(configuration.qualityOfService.rawValue), settings.presence == .kept),
                "mqtt.topic")
        }
    }

    private func require(_ code: Int32, _ what: String) throws(MQTTError) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw MQTTError(.invalid, "libmosquitto cannot use \(what): \(Self.text(mosquitto_strerror(code)))")
    }
}

#endif
