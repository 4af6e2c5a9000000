#if MQTT

import CMosquitto
import Foundation

/// One connection of libmosquitto, the only type that calls it. It belongs to one thread.
///
/// The library connects to a ``BrokerTunnel``, and sees no more of the broker than that lets through.
///
/// The library's own threads and loops are not used: they watch sockets with `select`, which cannot see
/// those beyond the thousandth, and connect again behind the caller's back, repeating what was not
/// acknowledged.
final class MosquittoConnection {
    /// More than this is not given to the library at once: for each acknowledgement it walks through all
    /// that are missing.
    static let mostOutstanding = 128

    /// A message that is under way.
    private enum Message {
        case presence
        case event(Int, Delivery)
    }

    let settings: ClientSettings
    let handle: OpaquePointer
    private let tunnel: BrokerTunnel
    /// Messages that were given to the library and are not acknowledged, by its numbers for them.
    private var inFlight: [Int32: Message] = [:]
    /// The one that is given to the library now: it may be acknowledged before its number is known.
    private var current: Message?
    private var qualityOfService: Int32
    private var retains: Bool
    private(set) var isAccepted = false
    /// Why the broker does not let this client speak of its presence, if it has said so.
    private(set) var presenceRefusal: String?
    private var failure: MQTTError?
    /// What the library logged last, which says more than its error codes.
    private var lastComplaint: String?

    /// - Parameters:
    ///   - settings: What the broker is to be told.
    ///   - tunnel: Leads to the broker.
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

    /// How many messages are not acknowledged.
    var outstanding: Int { inFlight.count }

    // MARK: - Life

    /// Connects. Then ``isAccepted`` becomes true by and by.
    func connect() throws(MQTTError) {
        let keepAlive = Int32(settings.configuration.keepAlive.components.seconds)
        var properties: OpaquePointer?
        defer { mosquitto_property_free_all(&properties) }
        if settings.configuration.version == .v5 {
            try check(
                mosquitto_property_add_int32(
                    &properties, Int32(MQTT_PROP_MAXIMUM_PACKET_SIZE.rawValue),
                    UInt32(FrameFilter.largestFrame)))
        }
        // Port 0 makes the library take the host for the file of a socket.
        try check(mosquitto_connect_bind_v5(handle, tunnel.socketFile, 0, keepAlive, nil, properties))
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

    // MARK: - Messages

    /// Gives the library a message, unless it knows that the broker does not take it.
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
            delivery.refused(
                index, "\(message.count) bytes are more than the broker takes in one message")
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
            presenceRefusal = Self.text(mosquitto_strerror(code))
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
        // Without a connection the library has it all the same, and says both.
        if code == MOSQ_ERR_SUCCESS.rawValue || code == MOSQ_ERR_NO_CONN.rawValue, let current {
            inFlight[number] = current
        }
        return code
    }

    // MARK: - What the library tells

    private func setCallbacks() {
        mosquitto_connect_v5_callback_set(handle) { _, object, code, _, _ in
            MosquittoConnection.of(object)?.wasAnswered(code)
        }
        mosquitto_publish_v5_callback_set(handle) { _, object, number, reason, _ in
            MosquittoConnection.of(object)?.wasAcknowledged(number, reason)
        }
        mosquitto_disconnect_v5_callback_set(handle) { _, object, reason, _ in
            MosquittoConnection.of(object)?.wasEnded(reason)
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
        let isNew = settings.configuration.version == .v5
        let text = isNew ? mosquitto_reason_string(code) : mosquitto_connack_string(code)
        failure = MQTTError(
            .refused, "the broker refuses the connection: \(Self.text(text))",
            objection: isNew ? Self.objection(code) : code == Self.notAuthorized ? .presence : nil)
    }

    private func wasAcknowledged(_ number: Int32, _ reason: Int32) {
        let message: Message
        if let known = inFlight.removeValue(forKey: number) {
            message = known
        } else if let given = current {
            current = nil
            message = given
        } else {
            return
        }
        // From here on codes are failures; 16 says that nobody has subscribed.
        let refusal = reason >= 0x80 ? Self.text(mosquitto_reason_string(reason)) : nil
        switch (message, refusal) {
        case (.presence, nil): break
        case (.presence, let refusal?): presenceRefusal = refusal
        case (.event(let index, let delivery), nil): delivery.settled(index)
        case (.event, let refusal?) where reason == Self.quotaExceeded:
            failure = MQTTError(.busy, "the broker has no room: \(refusal)")
        case (.event(let index, let delivery), let refusal?):
            delivery.refused(index, "the broker refuses it: \(refusal)")
        }
    }

    /// The connection is over; from 128 on, as the broker says.
    private func wasEnded(_ reason: Int32) {
        guard reason >= 0x80, failure == nil else { return }
        let isOfAMessage = Self.messageReasons.contains(reason)
        failure = MQTTError(
            isOfAMessage ? .refused : .busy,
            "the broker ends the connection: \(Self.text(mosquitto_reason_string(reason)))")
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
        let more = lastComplaint.map { " (\($0))" } ?? ""
        return MQTTError(
            .disconnected, "no connection to \(settings.configuration.broker.description): \(reason)\(more)")
    }

    static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        pointer.map { String(cString: $0) } ?? "unknown"
    }
}

#endif
