#if MQTT

import XQueueCore

/// How a connection tells others that this client is there.
enum Presence: Sendable, CaseIterable {
    /// In messages that the broker keeps, also the one it publishes when the client is gone.
    case kept
    /// In messages that reach whoever listens at the time: some brokers keep none.
    case passing
    /// Not at all: on some brokers this client must not.
    case none

    /// What to try after a broker has refused this one; nil if it is of no use to try again.
    func next(after objection: MQTTError.Objection?) -> Presence? {
        switch (self, objection) {
        case (.none, _), (_, nil): nil
        case (.kept, .retained), (.kept, .unknown): .passing
        default: Presence.none
        }
    }
}

/// Everything one connection to a broker needs to know.
struct ClientSettings: Sendable {
    var configuration: MQTTConfiguration
    /// The whole name of the client, which no other client of the broker may have.
    var clientID: String
    /// Where to say that this client is there, or is not.
    var presenceTopic: String
    var presence = Presence.kept
    var node: String

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
