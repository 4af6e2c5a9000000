#if MQTT

import XQueueCore

/// How a connection announces this client's presence.
enum Presence: Sendable, CaseIterable {
    /// With retained messages, including the last will that the broker publishes when the client is gone.
    case kept
    /// With messages that reach only current subscribers, because some brokers retain none.
    case passing
    /// Not at all, because some brokers do not permit it.
    case none

    /// What to try after a broker has rejected this one; nil if retrying makes no sense.
    func next(after objection: MQTTError.Objection?) -> Presence? {
        switch (self, objection) {
        case (.none, _), (_, nil): nil
        case (.kept, .retained), (.kept, .unknown): .passing
        default: Presence.none
        }
    }
}

/// The settings of one broker connection.
struct ClientSettings: Sendable {
    var configuration: MQTTConfiguration
    /// The full client ID, unique at the broker.
    var clientID: String
    /// The topic of this client's presence messages.
    var presenceTopic: String
    var presence = Presence.kept
    var node: String

    /// The payload of a presence message.
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
