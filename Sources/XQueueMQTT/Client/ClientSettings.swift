#if MQTT

import XQueueCore

/// Everything one connection to a broker needs to know.
struct ClientSettings: Sendable {
    var configuration: MQTTConfiguration
    /// The whole name of the client, which no other client of the broker may have.
    var clientID: String
    /// Where to say that this client is there, or is not.
    var presenceTopic: String
    var node: String
    /// The file of a socket that leads to the broker, in the place of its address.
    var socketFile: String?

    /// What is said there.
    func presence(isOnline: Bool) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.member("status", isOnline ? "online" : "offline")
            writer.member("node", node)
        }
        return writer.bytes
    }
}

#endif
