#if MQTT

import CMosquitto

extension MosquittoConnection {
    func configure() throws(MQTTError) {
        let configuration = settings.configuration
        try require(
            mosquitto_int_option(
                handle, MOSQ_OPT_PROTOCOL_VERSION,
                configuration.version == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311), "mqtt.version")
        // Small messages must not wait for the acknowledgement of earlier ones (Nagle's algorithm).
        try require(mosquitto_int_option(handle, MOSQ_OPT_TCP_NODELAY, 1), "a socket without delay")
        mosquitto_max_inflight_messages_set(handle, UInt32(Self.mostOutstanding))
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
        if configuration.broker.usesTLS, settings.socketFile == nil { try configureTLS() }
    }

    private func configureTLS() throws(MQTTError) {
        let configuration = settings.configuration
        if configuration.caFile == nil {
            try require(
                mosquitto_int_option(handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1), "the system's certificates")
        }
        // An encrypted key would make OpenSSL ask whoever sits before the terminal.
        let noPassphrase:
            @convention(c) (
                UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?
            ) -> Int32 = { _, _, _, _ in 0 }
        let code = mosquitto_tls_set(
            handle, configuration.caFile, configuration.caFile == nil ? "/etc/ssl/certs" : nil,
            configuration.certificateFile, configuration.keyFile, noPassphrase)
        let files = [configuration.caFile, configuration.certificateFile, configuration.keyFile]
        try require(code, "the TLS files " + files.compactMap { $0 }.joined(separator: ", "))
    }

    private func require(_ code: Int32, _ what: String) throws(MQTTError) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw MQTTError(.invalid, "libmosquitto cannot use \(what): \(Self.text(mosquitto_strerror(code)))")
    }
}

#endif
