#if MQTT

import CMosquitto
import Foundation

/// A libmosquitto connection; the only type that calls the library. Confined to one thread.
///
/// The library connects to a ``BrokerTunnel``, and sees of the broker only what that lets through.
///
/// The library's own threads and loops are not used: they watch sockets with `select`, which is limited to
/// descriptors below 1024, and reconnect behind the caller's back, resending what was not acknowledged.
final class MosquittoConnection {
    /// Maximum number of messages in flight: for each acknowledgement the library walks through all that are
    /// pending.
    static let maxOutstanding = 128

    /// A message in flight.
    private enum Message {
        case presence
        case event(Int, Delivery)
    }

    let settings: ClientSettings
    let handle: OpaquePointer
    private let tunnel: BrokerTunnel
    /// Messages passed to the library but not acknowledged, by the library's message ID.
    private var inFlight: [Int32: Message] = [:]
    /// The message being passed to the library: it may be acknowledged before its ID is known.
    private var current: Message?
    private var qualityOfService: Int32
    private var retains: Bool
    private(set) var isAccepted = false
    /// Why the broker rejected this client's presence message, if it did.
    private(set) var presenceRejection: String?
    private var failure: MQTTError?
    /// The library's last log message, which says more than its error codes.
    private var lastLogMessage: String?

    /// - Parameters:
    ///   - settings: The connection's settings.
    ///   - tunnel: The tunnel to the broker.
    /// - Throws: ``MQTTError`` if the library cannot use a setting.
    init(_ settings: ClientSettings, _ tunnel: BrokerTunnel) throws(MQTTError) {
        guard Self.isLibraryReady, let handle = mosquitto_new(settings.clientID, true, nil) else {
            throw MQTTError(.disconnected, "libmosquitto cannot be used")
        }
        self.settings = settings
        self.handle = handle
        self.tunnel = tunnel
        qualityOfService = Int32(settings.configuration.qualityOfService.rawValue)
        retains = settings.configuration.retains
        mosquitto_user_data_set(handle, Unmanaged.passUnretained(self).toOpaque())
        setCallbacks()
        try configure()
    }

    deinit {
        mosquitto_destroy(handle)
    }

    private static let isLibraryReady = mosquitto_lib_init() == MOSQ_ERR_SUCCESS.rawValue

    /// Number of unacknowledged messages.
    var outstanding: Int { inFlight.count }

    // MARK: - Lifecycle

    /// Starts connecting. ``isAccepted`` becomes true once the broker has accepted.
    func connect() throws(MQTTError) {
        let keepAlive = Int32(settings.configuration.keepAlive.components.seconds)
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        if settings.configuration.version == .v5 {
            try check(
                mosquitto_property_add_int32(
                    &properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue),
                    UInt32(FrameFilter.maxFrameBytes)))
        }
        // Port 0 makes the library treat the host as a socket's path.
        try check(mosquitto_connect_bind_v5(handle, tunnel.socketFile, 0, keepAlive, nil, properties))
    }

    /// Disconnects cleanly, so that the broker does not publish the last will.
    func disconnect() {
        mosquitto_disconnect(handle)
    }

    /// Performs pending reads and writes, after waiting up to a second for them or for `pipe`.
    ///
    /// - Throws: The error that ended the connection.
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

    // MARK: - Messages

    /// Passes a message to the library, unless the library knows that the broker would not accept it.
    func publish(_ index: Int, of delivery: Delivery) throws(MQTTError) {
        let message = delivery.batch.messages[index]
        let code = delivery.batch.bytes.withUnsafeBytes { bytes -> Int32 in
            guard let start = bytes.baseAddress else { return MOSQ_ERR_INVAL.rawValue }
            return publish(
                .event(index, delivery), topic: (start + message.topic).assumingMemoryBound(to: CChar.self),
                UnsafeRawBufferPointer(start: start + message.payload, count: message.payloadCount),
                retains: retains)
        }
        switch code {
        case MOSQ_ERR_OVERSIZE_PACKET.rawValue, MOSQ_ERR_PAYLOAD_SIZE.rawValue:
            delivery.rejected(
                index, "\(message.count) bytes exceed the broker's maximum message size")
        case MOSQ_ERR_RETAIN_NOT_SUPPORTED.rawValue where retains:
            retains = false
            try publish(index, of: delivery)
        case MOSQ_ERR_QOS_NOT_SUPPORTED.rawValue where qualityOfService > 0:
            qualityOfService -= 1
            try publish(index, of: delivery)
        default: try check(code)
        }
    }

    func publishPresence(isOnline: Bool) throws(MQTTError) {
        let payload = settings.presence(isOnline: isOnline)
        let code = payload.withUnsafeBytes { payload in
            publish(
                .presence, topic: settings.presenceTopic, payload, retains: settings.presence == .kept)
        }
        switch code {
        case MOSQ_ERR_OVERSIZE_PACKET.rawValue, MOSQ_ERR_PAYLOAD_SIZE.rawValue,
            MOSQ_ERR_RETAIN_NOT_SUPPORTED.rawValue:
            presenceRejection = Self.text(mosquitto_strerror(code))
        case MOSQ_ERR_QOS_NOT_SUPPORTED.rawValue where qualityOfService > 0:
            qualityOfService -= 1
            try publishPresence(isOnline: isOnline)
        default: try check(code)
        }
    }

    private func publish(
        _ message: Message, topic: UnsafePointer<CChar>, _ payload: UnsafeRawBufferPointer, retains: Bool
    ) -> Int32 {
        current = message
        defer { current = nil }
        var number: Int32 = 0
        let code = mosquitto_publish(
            handle, &number, topic, Int32(clamping: payload.count), payload.baseAddress, qualityOfService,
            retains)
        // Without a connection the library keeps the message anyway, despite the error.
        if code == MOSQ_ERR_SUCCESS.rawValue || code == MOSQ_ERR_NO_CONN.rawValue, let current {
            inFlight[number] = current
        }
        return code
    }

    // MARK: - Library callbacks

    private func setCallbacks() {
        mosquitto_connect_v5_callback_set(handle) { _, object, code, _, _ in
            MosquittoConnection.of(object)?.didConnect(code)
        }
        mosquitto_publish_v5_callback_set(handle) { _, object, number, reason, _ in
            MosquittoConnection.of(object)?.didAcknowledge(number, reason)
        }
        mosquitto_disconnect_v5_callback_set(handle) { _, object, reason, _ in
            MosquittoConnection.of(object)?.didDisconnect(reason)
        }
        mosquitto_log_callback_set(handle) { _, object, level, text in
            guard level == MOSQ_LOG_ERR, let text else { return }
            MosquittoConnection.of(object)?.lastLogMessage = String(cString: text)
        }
    }

    private static func of(_ object: UnsafeMutableRawPointer?) -> MosquittoConnection? {
        object.map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
    }

    private func didConnect(_ code: Int32) {
        guard code != 0 else {
            isAccepted = true
            return
        }
        let isNew = settings.configuration.version == .v5
        let text = isNew ? mosquitto_reason_string(code) : mosquitto_connack_string(code)
        failure = MQTTError(
            .rejected, "the broker refused the connection: \(Self.text(text))",
            objection: isNew ? Self.objection(code) : code == Self.notAuthorized ? .presence : nil)
    }

    private func didAcknowledge(_ number: Int32, _ reason: Int32) {
        let message: Message
        if let known = inFlight.removeValue(forKey: number) {
            message = known
        } else if let given = current {
            current = nil
            message = given
        } else {
            return
        }
        // Codes from 0x80 on are failures; 0x10 means that there are no subscribers.
        let rejection = reason >= 0x80 ? Self.text(mosquitto_reason_string(reason)) : nil
        switch (message, rejection) {
        case (.presence, nil): break
        case (.presence, let rejection?): presenceRejection = rejection
        case (.event(let index, let delivery), nil): delivery.settled(index)
        case (.event, let rejection?) where reason == Self.quotaExceeded:
            failure = MQTTError(.busy, "the broker is at capacity: \(rejection)")
        case (.event(let index, let delivery), let rejection?):
            delivery.rejected(index, "rejected by the broker: \(rejection)")
        }
    }

    /// Records the end of the connection. Reasons from 128 on come from the broker.
    private func didDisconnect(_ reason: Int32) {
        guard reason >= 0x80, failure == nil else { return }
        let isOfAMessage = Self.messageReasons.contains(reason)
        failure = MQTTError(
            isOfAMessage ? .rejected : .busy,
            "the broker closed the connection: \(Self.text(mosquitto_reason_string(reason)))")
    }

    // MARK: - Errors

    private func check(_ code: Int32) throws(MQTTError) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw failure ?? lost(code)
    }

    private func lost(_ code: Int32) -> MQTTError {
        if let failure = tunnel.failure { return failure }
        let isSystem = code == MOSQ_ERR_ERRNO.rawValue
        let reason = isSystem ? Self.text(strerror(errno)) : Self.text(mosquitto_strerror(code))
        let more = lastLogMessage.map { " (\($0))" } ?? ""
        return MQTTError(
            .disconnected, "no connection to \(settings.configuration.broker.description): \(reason)\(more)")
    }

    static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? "unknown"
    }
}

#endif
