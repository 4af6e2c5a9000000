#if MQTT

import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOWebSocket

/// A failure of the MQTT client or broker.
public struct MQTTError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure.
    public enum Kind: Sendable, Hashable {
        /// A setting is invalid, such as an address or a file.
        case invalid
        /// The broker is unreachable, or the connection broke: unacknowledged messages may or may not have
        /// arrived.
        case disconnected
        /// The broker rejected the connection or a message.
        case rejected
        /// The broker did not answer in time.
        case timedOut
        /// The broker reports that it accepts nothing at present.
        case busy
        /// The broker violated the protocol or sent an unsolicited packet.
        case violation
        /// The sink is not open.
        case closed
    }

    /// The possible reason for a broker to reject a connection.
    enum Objection: Sendable, Hashable {
        /// It closed the connection without giving a reason.
        case unknown
        /// It does not support retained messages.
        case retained
        /// The client may not publish its presence, or not connect at all.
        case presence
    }

    public let kind: Kind
    public let message: String
    /// The reason, if connecting in another way may help; nil if not.
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

    /// Whether a message may have caused the connection's end.
    var mayBeOfAMessage: Bool {
        switch kind {
        case .disconnected, .rejected, .timedOut: true
        case .busy, .closed, .invalid, .violation: false
        }
    }
}

extension MQTTError {
    /// - Parameters:
    ///   - error: The error that ended a connection, or prevented it.
    ///   - broker: The broker of that connection.
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

    /// The underlying reason, without the layers it came through.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            // Of a host's addresses, the first one tried is the preferred one.
            guard let first = error.connectionErrors.first?.error else {
                return "unknown host '\(error.host)'"
            }
            return reason(first)
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case let error as ChannelError: return reason(error)
        case NIOSSLError.uncleanShutdown: return "connection cut off"
        case let error as NIOSSLError: return "no trusted connection: \(error)"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "no trusted connection: the certificate is for another name"
        default: return "\(error)"
        }
    }

    private static func reason(_ error: ChannelError) -> String {
        switch error {
        case .connectTimeout: "timed out"
        case .eof, .inputClosed, .ioOnClosedChannel, .alreadyClosed, .inappropriateOperationForState:
            "closed during connection setup"
        default: "\(error)"
        }
    }
}

#endif
