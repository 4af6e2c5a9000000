#if MQTT

import CMosquitto
import Foundation

/// One connection of libmosquitto, the only type that calls it. It belongs to one thread.
///
/// The library's own threads and loops are not used: they watch sockets with `select`, which cannot see
/// those beyond the thousandth, and connect again behind the caller's back, repeating what was not
/// acknowledged.
final class MosquittoConnection {
    /// More than this is not given to the library at once: for each acknowledgement it walks through all
    /// that are missing.
    static let mostOutstanding = 128

    private let settings: ClientSettings
    private let handle: OpaquePointer
    /// Messages that were given to the library and are not acknowledged.
    private(set) var outstanding = 0
    private(set) var isAccepted = false
    private var failure: MQTTError?
    /// What the library logged last, which says more than its error codes.
    private var lastComplaint: String?

    init(_ settings: ClientSettings) throws(MQTTError) {
        guard Self.isLibraryReady, let handle = mosquitto_new(settings.clientID, true, nil) else {
            throw MQTTError(.disconnected, "libmosquitto cannot be used")
        }
        self.settings = settings
        self.handle = handle
        mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
        setCallbacks()
        try configure()
    }

    deinit {
        mosquitto_destroy(handle)
    }

    private static let isLibraryReady = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

    // MARK: - Life

    /// Connects; blocks for as long as the system takes. Then ``isAccepted`` becomes true by and by.
    func connect() throws(MQTTError) {
        let broker = settings.configuration.broker
        let keepAlive = Int32(settings.configuration.keepAlive.components.seconds)
        // Port 0 makes the library take the host for the file of a socket.
        let code =
            settings.socketFile.map { mosquitto_connect(handle, $0, 0, keepAlive) }
            ?? mosquitto_connect(handle, broker.host, Int32(broker.port), keepAlive)
        try check(code)
    }

    /// Says good-bye, so that the broker does not publish the last will.
    func disconnect() {
        mosquitto_disconnect(handle)
    }

    /// Waits until something can be read or written, `pipe` wakes it or a second has passed, and does it.
    ///
    /// - Throws: What ended the connection.
    func step(_ pipe: WakePipe) throws(MQTTError) {
        let socket = mosquitto_socket(handle)
        guard socket >= 0 else { throw failure ?? lost(MOSQ_ERR_NO_CONN.rawValue) }
        let writing = mosquitto_want_write(handle) ? Int16(POLLOUT) : 0
        var polled = [
            pollfd(fd: socket, events: Int16(POLLIN) | writing, revents: 0),
            pollfd(fd: pipe.reading, events: Int16(POLLIN), revents: 0),
        ]
        poll(&polled, 2, 1000)
        if polled[1].revents != 0 { pipe.drain() }
        if polled[0].revents & ~Int16(POLLOUT) != 0 { try check(mosquitto_loop_read(handle, 1)) }
        if polled[0].revents & Int16(POLLOUT) != 0 { try check(mosquitto_loop_write(handle, 1)) }
        try check(mosquitto_loop_misc(handle))
        if let failure { throw failure }
    }

    /// Has what the broker sent acknowledged at once.
    ///
    /// While messages go out, that goes with them. After the last, a broker that waits for it before it sends more
    /// (Nagle's algorithm, which mosquitto leaves on) would stand still for 40 ms.
    func acknowledgeAtOnce() {
        #if os(Linux)
        var isOn: Int32 = 1
        setsockopt(
            mosquitto_socket(handle), Int32(IPPROTO_TCP), TCP_QUICKACK, &isOn,
            socklen_t(MemoryLayout<Int32>.size))
        #endif
    }

    // MARK: - Messages

    func publish(_ message: MessageBatch.Message, of batch: MessageBatch) throws(MQTTError) {
        let code = batch.bytes.withUnsafeBytes { bytes -> Int32 in
            guard let start = bytes.baseAddress else { return MOSQ_ERR_INVAL.rawValue }
            return publish(
                topic: (start + message.topic).assumingMemoryBound(to: CChar.self),
                UnsafeRawBufferPointer(start: start + message.payload, count: message.payloadCount),
                retains: settings.configuration.retains)
        }
        try check(code)
    }

    func publishPresence(isOnline: Bool) throws(MQTTError) {
        let code = settings.presence(isOnline: isOnline).withUnsafeBytes { payload in
            publish(topic: settings.presenceTopic, payload, retains: true)
        }
        try check(code)
    }

    private func publish(
        topic: UnsafePointer<CChar>, _ payload: UnsafeRawBufferPointer, retains: Bool
    ) -> Int32 {
        // Counted first: the acknowledgement may come before the call returns.
        outstanding += 1
        return mosquitto_publish(
            handle, nil, topic, Int32(payload.count), payload.baseAddress,
            Int32(settings.configuration.qualityOfService.rawValue), retains)
    }

    // MARK: - What the library tells

    private func setCallbacks() {
        mosquitto_connect_v5_callback_set(handle) { _, object, code, _, _ in
            MosquittoConnection.of(object)?.wasAnswered(code)
        }
        mosquitto_publish_v5_callback_set(handle) { _, object, _, reason, _ in
            MosquittoConnection.of(object)?.wasAcknowledged(reason)
        }
        mosquitto_log_callback_set(handle) { _, object, level, text in
            guard level == MOSQ_LOG_ERR, let text else { return }
            MosquittoConnection.of(object)?.lastComplaint = String(cString: text)
        }
    }

    private static func of(_ object: UnsafeMutableRawPointer?) -> MosquittoConnection? {
        object.map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
    }

    private func wasAnswered(_ code: Int32) {
        guard code != 0 else {
            isAccepted = true
            return
        }
        let text =
            settings.configuration.version == .v5
            ? mosquitto_reason_string(code) : mosquitto_connack_string(code)
        failure = MQTTError(.refused, "the broker refuses the connection: \(Self.text(text))")
    }

    private func wasAcknowledged(_ reason: Int32) {
        outstanding -= 1
        // From here on codes are failures; 16 says that nobody has subscribed.
        guard reason >= 0x80 else { return }
        failure = MQTTError(
            .refused, "the broker refuses a message: \(Self.text(mosquitto_reason_string(reason)))")
    }

    // MARK: - Errors

    private func check(_ code: Int32) throws(MQTTError) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw failure ?? lost(code)
    }

    private func lost(_ code: Int32) -> MQTTError {
        let isSystem = code == MOSQ_ERR_ERRNO.rawValue
        let reason = isSystem ? Self.text(strerror(errno)) : Self.text(mosquitto_strerror(code))
        let more = lastComplaint.map { " (\($0))" } ?? ""
        return MQTTError(
            .disconnected, "no connection to \(settings.configuration.broker.description): \(reason)\(more)")
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? "unknown"
    }
}

// MARK: - Configuration

extension MosquittoConnection {
    private func configure() throws(MQTTError) {
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
        let will = settings.presence(isOnline: false)
        try require(
            mosquitto_will_set(
                handle, settings.presenceTopic, Int32(will.count), will,
                Int32(configuration.qualityOfService.rawValue), true), "mqtt.topic")
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
