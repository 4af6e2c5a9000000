#if MQTT

/// Why something about the MQTT broker failed.
public struct MQTTError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it was.
    public enum Kind: Sendable, Hashable {
        /// A setting that cannot be used, such as an address or a file.
        case invalid
        /// The broker cannot be reached, or the connection broke: what was not acknowledged may have
        /// arrived or not.
        case disconnected
        /// The broker refused the connection or a message.
        case refused
        /// The broker did not answer in time.
        case timedOut
        /// The sink is not open.
        case closed
    }

    public let kind: Kind
    public let message: String

    public init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }

    public var description: String { message }
}

#endif
