#if MQTT

import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOWebSocket

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
        /// The broker takes nothing now, and says so.
        case busy
        /// The broker sent what breaks the protocol, or what it was not asked for.
        case violation
        /// The sink is not open.
        case closed
    }

    /// What the broker may have had against a connection that it did not accept.
    enum Objection: Sendable, Hashable {
        /// It closed the connection without a word.
        case unknown
        /// Messages are not kept there.
        case retained
        /// This client must not speak of its presence, or not connect at all.
        case presence
    }

    public let kind: Kind
    public let message: String
    /// Whether another way to connect is worth a try, and which; nil if none is.
    let objection: Objection?

    public init(_ kind: Kind, _ message: String) {
        self.init(kind, message, objection: nil)
    }

    init(_ kind: Kind, _ message: String, objection: Objection?) {
        self.kind = kind
        self.message = message
        self.objection = objection
    }

    public var description: String { message }

    /// Whether a message may be the reason that the connection ended.
    var mayBeOfAMessage: Bool {
        switch kind {
        case .disconnected, .refused, .timedOut: true
        case .busy, .closed, .invalid, .violation: false
        }
    }
}

extension MQTTError {
    /// - Parameters:
    ///   - error: What ended a connection, or kept it from being made.
    ///   - broker: Where it leads, or was to lead.
    init(_ error: any Error, of broker: MQTTBroker) {
        switch error {
        case let error as MQTTError: self = error
        case let error as FrameViolation: self.init(.violation, "\(broker.description) sent \(error)")
        case is NIOWebSocketError:
            self.init(.violation, "\(broker.description) sent a malformed WebSocket frame: \(error)")
        default:
            self.init(.disconnected, "no connection to \(broker.description): \(Self.reason(error))")
        }
    }

    /// What the system says, without the layers it came through.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            // Of the addresses of a host, the first one tried is the one that is meant to work.
            guard let first = error.connectionErrors.first?.error else {
                return "the host '\(error.host)' is not known"
            }
            return reason(first)
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case let error as ChannelError: return reason(error)
        case NIOSSLError.uncleanShutdown: return "it was cut off"
        case let error as NIOSSLError: return "no trusted connection: \(error)"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "no trusted connection: the certificate is for another name"
        default: return "\(error)"
        }
    }

    private static func reason(_ error: ChannelError) -> String {
        switch error {
        case .connectTimeout: "no answer in time"
        case .eof, .inputClosed, .ioOnClosedChannel, .alreadyClosed, .inappropriateOperationForState:
            "it was closed before it was made"
        default: "\(error)"
        }
    }
}

#endif
