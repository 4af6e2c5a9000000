#if MQTT

import CMosquitto

/// The floor: a loop that publishes with libmosquitto and nothing else.
final class BareMosquitto {
    /// The fastest of the values tried from 20 to 1,000.
    private static let maxOutstanding = 128

    private var isConnected = false
    private var acknowledged = 0

    /// Publishes `count` messages, cycling through the topics, and returns once all are acknowledged.
    func publish(_ count: Int, _ topics: [String], _ payload: [UInt8], qos: Int, port: Int) throws {
        mosquitto_lib_init()
        guard let handle = mosquitto_new("bare", true, Unmanaged.passUnretained(self).toOpaque()) else {
            throw BenchFailure(description: "cannot initialize libmosquitto")
        }
        defer { mosquitto_destroy(handle) }
        mosquitto_max_inflight_messages_set(handle, UInt32(Self.maxOutstanding))
        mosquitto_connect_callback_set(handle) { _, object, _ in BareMosquitto.of(object)?.isConnected = true
        }
        mosquitto_publish_callback_set(handle) { _, object, _ in BareMosquitto.of(object)?.acknowledged += 1 }
        try check(mosquitto_connect(handle, "127.0.0.1", Int32(port), 60))
        while !isConnected { try check(mosquitto_loop(handle, 1000, 1)) }
        var sent = 0
        while acknowledged < count {
            while sent < count, sent - acknowledged < Self.maxOutstanding {
                sent += 1
                try check(
                    mosquitto_publish(
                        handle, nil, topics[sent % topics.count], Int32(payload.count), payload, Int32(qos),
                        false))
            }
            try check(mosquitto_loop(handle, 1000, 1))
        }
        mosquitto_disconnect(handle)
    }

    private static func of(_ object: UnsafeMutableRawPointer?) -> BareMosquitto? {
        object.map { Unmanaged.fromOpaque($0).takeUnretainedValue() }
    }

    private func check(_ code: Int32) throws {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw BenchFailure(
            description: "mosquitto: " + (mosquitto_strerror(code).map { String(cString: $0) } ?? ""))
    }
}

#endif
